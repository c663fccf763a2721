// The promises of README, each as a property that is tried on many inputs. What else proves them: the corpus (proof/hostile), the fuzzer (proof/fuzz.ts), and
// the interrupted runs (proof/faults.ts).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, asyncProperty, constantFrom, double, integer } from "fast-check";
import { createConverter, memoryDirectorySink, memoryFileSet, type DirectorySink } from "@longspan/core";
import { seededCheckpoint } from "@longspan/core/testing";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { expect, test } from "vitest";
import { tensorsOf } from "../fixtures/hostile/hostile-case.ts";
import { outcomeOf, type ReaderName } from "./hostile/readers.ts";
import { seedsOf } from "./hostile/seeds.ts";

const converter = createConverter({ adapters: [torch(), paddle()] });

test('"Never silently wrong": a file that is cut off anywhere is refused, or its values are those of the whole file', async () => {
  const kinds: readonly ReaderName[] = ["torch", "legacy", "safetensors", "paddle", "pdiparams", "hdf5"];
  const property = asyncProperty(
    constantFrom(...kinds),
    integer({ min: 0, max: 1000 }),
    double({ min: 0, max: 1, noNaN: true }),
    async (reader, which, part) => {
      const seeds = await seedsOf(reader);
      const seed = seeds[which % seeds.length];
      if (seed === undefined) return;
      const read = async (bytes: Uint8Array): Promise<string | undefined> => {
        const outcome = await outcomeOf(reader, { [seed.fileName]: bytes }, seed.fileName);
        return "refused" in outcome ? undefined : JSON.stringify(tensorsOf(outcome.read));
      };
      const cut = await read(seed.bytes.slice(0, Math.floor(part * seed.bytes.length)));
      if (cut !== undefined) expect(cut).toBe(await read(seed.bytes));
    },
  );
  await assert(property, { numRuns: 150, seed: 1 });
});

test('"Never silently wrong": what is converted and converted back has every bit that it had', async () => {
  const property = asyncProperty(
    constantFrom("hf", "torch", "torch-legacy", "paddle", "paddle-safetensors"),
    constantFrom("question-answering", "masked-lm", "token-classification"),
    async (target, head) => {
      const source = seededCheckpoint({ head });
      const sink = memoryDirectorySink();
      await converter.convert(converter.plan(source, { target }), { sink });
      await using back = await converter.open({ files: memoryFileSet("written", new Map(sink.files)) }, { head });
      expect((await converter.verify(source, back)).equal).toBe(true);
    },
  );
  await assert(property, { numRuns: 12, seed: 1 });
});

/** What proof/promises/read-pickles.ts says. */
interface PicklesRead {
  readonly runs: number;
  readonly read: number;
  readonly refused: number;
  readonly traps: number;
  readonly touched: readonly string[];
  readonly problem: string;
}

test('"Nothing is executed": a pickle that names any function, and calls it in any way, is read or refused, and nothing is called', () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const permissions = ["--permission", `--allow-fs-read=${root}*`, "--disallow-code-generation-from-strings"];
  const runs = 1500;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...permissions, "--conditions=@longspan/source", `${root}proof/promises/read-pickles.ts`, String(runs)],
    { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  expect(stdout, stderr).toMatch(/^\{.*\}\n$/);
  const report: PicklesRead = JSON.parse(stdout);
  expect(report).toMatchObject({ problem: "", touched: [], runs });
  // Both happen, and there was something to touch.
  expect(Math.min(report.read, report.refused, report.traps)).toBeGreaterThan(50);
  expect(existsSync("/tmp/longspan-was-here")).toBe(false);
});

test('"atomic": whichever write fails, nothing appears, and the failure is told', async () => {
  const property = asyncProperty(constantFrom("hf", "torch", "paddle"), integer({ min: 0, max: 60 }), async (target, failing) => {
    const inner = memoryDirectorySink();
    let writes = 0;
    const sink: DirectorySink = {
      ...inner,
      async file(name) {
        const file = await inner.file(name);
        return {
          close: () => file.close(),
          async write(bytes) {
            if (writes++ === failing) throw new Error("the disk is gone");
            await file.write(bytes);
          },
        };
      },
    };
    const ends = await converter.convert(converter.plan(seededCheckpoint({ head: "question-answering" }), { target }), { sink }).then(
      () => "written",
      (error: unknown) => String(error),
    );
    if (ends === "written") expect(writes).toBeLessThanOrEqual(failing);
    else expect([ends, inner.files.size]).toEqual([expect.stringContaining("the disk is gone"), 0]);
  });
  await assert(property, { numRuns: 30, seed: 1 });
});
