import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asBytes, asDict, asTuple, inertJson, isMadeBy, readPickle } from "../src/index.ts";

const before = process.cwd();
let folder = "";
let printed: unknown[][] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickle-readme-"));
  await copyFile(new URL("../fixtures/paddle-4.pdparams", import.meta.url), join(folder, "model.pdparams"));
  process.chdir(folder);
  printed = [];
  vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => void printed.push(values));
});

afterEach(async () => {
  vi.restoreAllMocks();
  process.chdir(before);
  await rm(folder, { recursive: true });
});

test.each(["read", "settings", "stream"])("the README shows examples/%s.ts as it is", async (name) => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const example = await readFile(new URL(`examples/${name}.ts`, import.meta.url), "utf8");
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
});

test("reading a file prints what the README says", async () => {
  await import("./examples/read.ts");
  expect(printed).toEqual([
    [4, 3],
    ["numpy._core.multiarray._reconstruct(numpy.ndarray, (0,), <1 bytes>, (1, (40, 30), numpy.dtype('f4', False, True, (3, '<…"],
    [[40, 30], { $bytes: 4800 }],
    [1],
  ]);
});

test("reading settings prints what the README says", async () => {
  await import("./examples/settings.ts");
  expect(printed).toEqual([
    [1],
    ['{"epoch":3,"hyper_parameters":{"$class":"argparse.Namespace","lr":1,"path":{"$class":"pathlib.PosixPath","$args":["/","data"]}}}'],
  ]);
});

test("streaming writes a file that reads as what the README says", async () => {
  await import("./examples/stream.ts");
  expect(printed).toEqual([[3]]);
  const { value } = await readPickle(await readFile("zeros.pkl"), { lazyBytes: Infinity });
  const [array, name] = asTuple(asDict(value)?.get("weights")) ?? [];
  expect([isMadeBy(array, "numpy", "frombuffer") ? asBytes(array.args[0])?.length : "no array", inertJson(name ?? null)]).toEqual([
    4_000_000,
    "zeros",
  ]);
});
