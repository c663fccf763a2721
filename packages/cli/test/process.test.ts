import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PassThrough, Writable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { watchOutput } from "../src/process-output.ts";
import { streamText } from "./stream-text.ts";

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const model = pathOf("../../../fixtures/huggingface/question-answering");
const folder = mkdtempSync(join(tmpdir(), "longspan-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** The command on the sources, as a process of its own, its streams where a shell's words put them. */
function shell(words: string, redirection: string, before = ""): Promise<Ended> {
  const command = `"${process.execPath}" --conditions=@longspan/source --disable-warning=ExperimentalWarning "${pathOf("../src/cli.ts")}" ${words}`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", `${before}${command} ${redirection}`], (error, out, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, error: stderr }),
    );
  });
}

// The ways in which a system's streams fail, as Linux has them.
describe.runIf(process.platform === "linux")("streams that fail", () => {
  test("a full standard output", async () => {
    for (const words of [`inspect ${model}`, `inspect ${model} --json`, "--help", "--version", `verify ${model} ${model}`]) {
      const { code, error } = await shell(words, "> /dev/full");
      expect([words, code, error.trim().split("\n").length]).toEqual([words, 3, 1]);
      expect(error).toMatch(/^error {2}Standard output cannot be written: ENOSPC/);
    }
  });

  test("answers that are lost with a full standard output are not said to be done", async () => {
    const words = `embed ${pathOf("../../../fixtures/huggingface/model")} --tokenizer ${model} --text the --runtime reference --output -`;
    const { code, error } = await shell(words, "> /dev/full");
    expect([code, error]).toEqual([3, expect.stringMatching(/^error {2}Standard output cannot be written: ENOSPC/m)]);
    expect(error).not.toContain("done");
  });

  test("a disk that has room for a part of a document", async () => {
    const file = join(folder, "part.json");
    const { code, error } = await shell(`inspect ${model} --json`, `> "${file}"`, 'trap "" XFSZ; ulimit -f 1; ');
    expect([code, error]).toEqual([3, expect.stringMatching(/^error {2}Standard output cannot be written: EFBIG.*\n$/)]);
    expect(readFileSync(file).length).toBe(1024);
  });

  test("a disk that has room for a part of the answers keeps whole lines, with which a later run goes on", async () => {
    const file = join(folder, "answers.jsonl");
    const texts = Array.from({ length: 8 }, (_, index) => `--text "the ${index}"`).join(" ");
    const words = `embed ${pathOf("../../../fixtures/huggingface/model")} --tokenizer ${model} ${texts} --runtime reference --output "${file}"`;
    const full = await shell(words, "", 'trap "" XFSZ; ulimit -f 1; ');
    expect([full.code, full.error]).toEqual([3, expect.stringContaining("--resume goes on with it")]);
    const kept = readFileSync(file, "utf8");
    expect(kept).toMatch(/^\{.*\}\n$/s);
    expect(kept.length).toBeLessThan(1024);
    const resumed = await shell(`${words} --resume`, "");
    expect([resumed.code, resumed.error]).toEqual([0, expect.not.stringContaining("not whole")]);
    const lines = readFileSync(file, "utf8");
    expect(lines.startsWith(kept)).toBe(true);
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { id: number }).id),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("a document goes to a file whole", async () => {
    const file = join(folder, "whole.json");
    expect(await shell(`inspect ${model} --json`, `> "${file}"`)).toEqual({ code: 0, out: "", error: "" });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ container: "safetensors" });
  });

  test("a reader that goes away is no failure, and hides none", async () => {
    expect(await shell(`inspect ${model}`, "| head -n 1; exit ${PIPESTATUS[0]}")).toMatchObject({ code: 0, error: "" });
    const other = pathOf("../../../fixtures/huggingface/question-answering-float16");
    expect(await shell(`verify ${model} ${other}`, "| true; exit ${PIPESTATUS[0]}")).toMatchObject({ code: 1 });
  });

  test("a full or closed standard error: notes are lost, and nothing else", async () => {
    const convert = (to: string): string => `convert ${model} --to torch -o "${join(folder, to)}"`;
    expect(await shell(convert("full"), "2> /dev/full")).toMatchObject({ code: 0, out: expect.stringContaining("wrote") });
    expect(await shell(convert("closed"), "2>&-")).toMatchObject({ code: 0, out: expect.stringContaining("wrote") });
    expect(await shell("inspect no-such-model", "2> /dev/full")).toMatchObject({ code: 1, out: "" });
    expect(await shell(`inspect ${model}`, "> /dev/full 2> /dev/full")).toMatchObject({ code: 3 });
  });

  test("what Dawn and Vulkan have to say of adapters reaches nobody, and our own words all do", async () => {
    // A pipe, as a shell makes it: Node's own between processes are sockets.
    const piped = "2>&1 > /dev/null | cat; exit ${PIPESTATUS[0]}";
    expect(await shell("doctor", piped)).toEqual({ code: 0, out: "", error: "" });
    const refused = await shell(`ask no-such-model --question a --document ${model}/config.json --runtime webgpu`, piped);
    expect(refused).toMatchObject({ code: 1, out: expect.stringMatching(/^error {2}.*\n$/) });
    for (const redirection of ["2>&-", "2> /dev/full", "> /dev/null 2>&1"])
      expect(await shell("doctor", redirection)).toMatchObject({ code: 0 });
    const file = join(folder, "said.txt");
    for (const redirection of [`2> "${file}"`, `2>> "${file}"`]) {
      writeFileSync(file, "before\n");
      expect(await shell("doctor", redirection)).toMatchObject({ code: 0, out: expect.stringContaining("llvmpipe") });
      expect(readFileSync(file, "utf8")).toBe(redirection.startsWith("2>>") ? "before\n" : "");
    }
    // A socket.
    expect(await shell("doctor", "")).toMatchObject({ code: 0, error: "" });
  });

  test("so it is in a file that others write to, too, and each word stays where it was written", async () => {
    const file = join(folder, "plain.txt");
    const document = join(folder, "krakow.txt");
    writeFileSync(document, "the cat sat on the mat.");
    const words = `ask ${model} --question where --document ${document} --runtime webgpu`;
    // Both commands and this shell have one place in the file between them.
    const said = await shell(words, `; code=$?; echo after >&2; exit $code; } 2> "${file}"`, "{ echo before >&2; ");
    expect([said.code, said.out, readFileSync(file, "utf8")]).toEqual([0, expect.stringContaining("score"), "before\nafter\n"]);
    const refused = await shell(`${words} --head masked-lm`, `> "${file}" 2>&1`);
    expect([refused.code, readFileSync(file, "utf8")]).toEqual([1, expect.stringMatching(/^error {2}.*\n$/)]);
  });

  test("both closed", async () => {
    expect(await shell(`inspect ${model}`, ">&- 2>&-")).toMatchObject({ code: 0 });
  });
});

test("watchOutput tells once, whatever comes after", async () => {
  let lost = 0;
  const error = new PassThrough();
  const out = new Writable({ write: (_piece, _encoding, done) => done(Object.assign(new Error("EIO: i/o error"), { code: "EIO" })) });
  watchOutput({ out, error }, () => lost++);
  for (let time = 0; time < 3; time++) out.write("words");
  await new Promise((resume) => setImmediate(resume));
  out.emit("error", new Error("again"));
  expect([lost, streamText(error)]).toEqual([
    1,
    "error  Standard output cannot be written: EIO: i/o error. What it was to hold is incomplete.\n",
  ]);
});

describe("a Node that is too old", () => {
  const started = (version: string): Promise<Ended> => {
    const versions = join(folder, "versions.cjs");
    writeFileSync(versions, `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`);
    return new Promise((resolve) => {
      const child = spawn(process.execPath, ["--require", versions, pathOf("../bin/longspan.cjs"), "inspect", "x"]);
      let [out, error] = ["", ""];
      child.stdout.on("data", (piece) => (out += String(piece)));
      child.stderr.on("data", (piece) => (error += String(piece)));
      child.on("close", (code) => resolve({ code, out, error }));
    });
  };

  test.each(["12.22.12", "20.20.2", "21.7.3"])("%s: says so in one line", async (version) => {
    const { code, out, error } = await started(version);
    expect([code, out]).toEqual([3, ""]);
    expect(error).toBe(`error  longspan needs Node 22 or newer, and this is Node ${version}. Install a newer one: https://nodejs.org\n`);
  });

  test("the line holds for what the package asks for, in words that Node 12 reads", () => {
    const program = readFileSync(pathOf("../bin/longspan.cjs"), "utf8");
    const { engines }: { engines: { node: string } } = JSON.parse(readFileSync(pathOf("../package.json"), "utf8"));
    expect(engines.node).toBe(`>=${/var oldest = (\d+);/.exec(program)?.[1]}`);
    expect(program).not.toMatch(/=>|\?\.|\?\?|await|^import /m);
  });
});
