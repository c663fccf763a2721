import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { createConverter } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { seededCheckpoint, smallConfig } from "@longspan/core/testing";
import { runCommand, runJson } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const lightningFile = join(fixtures, "lightning/lightning_qa.ckpt");
const folderOfQa = join(fixtures, "huggingface/question-answering");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-cli-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the full circle", () => {
  test("Lightning → Paddle → Hugging Face: zero differences between first and last", async () => {
    const [paddle, back] = [join(folder, "circle-paddle/"), join(folder, "circle-hf/")];
    const first = await runJson("convert", lightningFile, "--to", "paddle", "-o", paddle);
    expect(first.code).toBe(0);
    expect(first.document).toMatchObject({
      target: "paddle",
      missing: [],
      unexpected: [],
      written: [join(paddle, "model_state.pdparams"), join(paddle, "config.json")],
    });
    expect((await runJson("convert", join(paddle, "model_state.pdparams"), "--to", "hf", "-o", back)).code).toBe(0);
    const { code, document } = await runJson("verify", lightningFile, back);
    expect(code).toBe(0);
    expect(document).toMatchObject({ equal: true, differing: 0, maxAbsoluteDifference: 0, onlyInA: [], onlyInB: [] });
  });

  test("tokenizer files travel", async () => {
    const output = join(folder, "with-tokenizer");
    await runCommand("convert", folderOfQa, "--to", "paddle", "-o", output);
    const names = await readdir(output);
    for (const name of ["vocab.json", "merges.txt", "tokenizer.json", "config.json", "model_state.pdparams"]) expect(names).toContain(name);
    expect(await readFile(join(output, "merges.txt"))).toEqual(await readFile(join(folderOfQa, "merges.txt")));
  });

  test("one file, when the output is named like one", async () => {
    const output = join(folder, "single/model.pdparams");
    await mkdir(join(folder, "single"));
    expect((await runJson("convert", lightningFile, "--to", "paddle", "-o", output)).document.written).toEqual([output]);
    expect(await readdir(join(folder, "single"))).toEqual(["model.pdparams"]);
  });

  test("sharded, when asked", async () => {
    const output = join(folder, "sharded");
    expect((await runCommand("convert", lightningFile, "--to", "hf", "-o", output, "--shard-size", "20KB")).code).toBe(0);
    expect(await readdir(output)).toContain("model.safetensors.index.json");
    expect((await runJson("verify", lightningFile, output)).document).toMatchObject({ equal: true });
  });
});

describe("inspect", () => {
  test("its document has the promised keys", async () => {
    const { code, document } = await runJson("inspect", lightningFile);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      path: lightningFile,
      container: "torch-zip",
      envelope: "lightning",
      layout: "lightning",
      head: "question-answering",
      prefix: "model.",
      problem: null,
    });
    expect(document.tensors).toContainEqual(
      expect.objectContaining({
        name: "qa_outputs.weight",
        canonicalName: "qa_outputs.weight",
        dataType: "float32",
        shape: [2, 16],
        byteLength: 128,
      }),
    );
    expect(document.config).toMatchObject({ hidden_size: 16 });
  });

  test("of something that is no Longformer describes it and ends well", async () => {
    const { code, document } = await runJson("inspect", await foreignSafetensors());
    expect({ code, layout: document.layout, head: document.head }).toEqual({ code: 0, layout: null, head: null });
    expect((await runCommand("inspect", await foreignSafetensors())).error).toContain("not named as any known layout");
  });

  test("without --json it is a table for people, without colours when stdout is no terminal", async () => {
    const { out } = await runCommand("inspect", lightningFile);
    expect(out).toMatch(/^head +question-answering$/m);
    expect(out).not.toContain("\u001b[");
  });
});

describe("convert --dry-run", () => {
  test("prints the table and writes nothing", async () => {
    const output = join(folder, "dry");
    const { code, out } = await runCommand("convert", folderOfQa, "--to", "paddle", "-o", output, "--dry-run");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^longformer\.encoder\.layer\.0\.intermediate\.dense\.weight +\[24, 16\] +longformer\.encoder\.layers\.0\.linear1\.weight +\[16, 24\] +T$/m,
    );
    await expect(stat(output)).rejects.toThrow("ENOENT");
  });

  test("a layout of the user's own is used and proved", async () => {
    const good = join(folder, "own-layout.json");
    const rules = [
      { from: "embeddings.{e:word_embeddings|position_embeddings|token_type_embeddings}.weight", to: "emb.{e:word|position|type}" },
      { from: "embeddings.LayerNorm.{k:weight|bias}", to: "emb.norm.{k:w|b}" },
      {
        from: "encoder.layer.{i}.attention.self.{p:query|key|value|query_global|key_global|value_global}.weight",
        to: "block.{i}.{p:q|k|v|gq|gk|gv}.w",
        transform: "transpose",
      },
      {
        from: "encoder.layer.{i}.attention.self.{p:query|key|value|query_global|key_global|value_global}.bias",
        to: "block.{i}.{p:q|k|v|gq|gk|gv}.b",
      },
      { from: "encoder.layer.{i}.attention.output.{p:dense|LayerNorm}.{k:weight|bias}", to: "block.{i}.attention.{p:out|norm}.{k:w|b}" },
      { from: "encoder.layer.{i}.intermediate.dense.{k:weight|bias}", to: "block.{i}.up.{k:w|b}" },
      { from: "encoder.layer.{i}.output.{p:dense|LayerNorm}.{k:weight|bias}", to: "block.{i}.{p:down|norm}.{k:w|b}" },
      { from: "pooler.dense.{k:weight|bias}", to: "pooler.{k:w|b}" },
      { from: "qa_outputs.{k:weight|bias}", to: "answer.{k:w|b}" },
    ];
    await writeFile(good, JSON.stringify({ version: 1, name: "own", rules }));
    const output = join(folder, "own");
    expect((await runCommand("convert", folderOfQa, "--to", "hf", "--layout", good, "-o", output)).code).toBe(0);
    const { document } = await runJson("inspect", output, "--layout", good);
    expect(document).toMatchObject({ layout: "own", head: "question-answering", problem: null });
    const bad = join(folder, "bad-layout.json");
    await writeFile(bad, JSON.stringify({ version: 1, name: "bad", rules: rules.slice(1) }));
    const refused = await runJson("convert", folderOfQa, "--to", "hf", "--layout", bad, "-o", join(folder, "never"));
    expect(refused).toMatchObject({
      code: 1,
      document: { error: { code: "layout-invalid", message: expect.stringContaining("embeddings.word_embeddings.weight") } },
    });
  });
});

describe("a file with several models", () => {
  const file = join(fixtures, "several/average.ckpt");

  test("inspect says so first, with what differs; the prefix chooses, and one line tells of the rest", async () => {
    const both = await runCommand("inspect", file);
    expect(both.code).toBe(0);
    expect(both.out.split("\n").slice(0, 3)).toEqual([
      "2 models lie in this file; --prefix says which is meant",
      '  --prefix "model.longformer."    53 tensors',
      '  --prefix "average.longformer."  54 tensors  the same names and shapes as the first',
    ]);
    const one = await runCommand("inspect", file, "--prefix", "average.");
    expect(one.out.split("\n").slice(0, 2)).toEqual(["2 models lie in this file", '  read  --prefix "average.longformer."  54 tensors']);
    expect(one.error.match(/left out/g)).toHaveLength(1);
    const { document } = await runJson("inspect", file, "--prefix", "average.");
    expect(document).toMatchObject({
      problem: null,
      models: [
        { prefix: "average.longformer.", read: true },
        { read: false, tensors: 53 },
      ],
    });
    const output = join(folder, "average");
    const converted = await runJson("convert", file, "--prefix", "average.", "--to", "hf", "-o", output);
    expect(converted).toMatchObject({ code: 0, document: { unexpected: [{ name: "average.n_averaged" }] } });
    for (const pair of [
      [file, output],
      [output, file],
    ]) {
      const verified = await runJson("verify", ...pair, "--prefix", "average.");
      expect(verified).toMatchObject({
        code: 0,
        document: { equal: true, warnings: [expect.stringContaining("the prefix is the other's")] },
      });
    }
    expect((await runCommand("verify", output, output, "--prefix", "average.")).error).toContain(
      'no model stands under the prefix "average."',
    );
  });
});

describe("what is there and cannot be read", () => {
  const file = join(fixtures, "derived/unreadable.bin");

  test("inspect and convert name it, in text as in JSON", async () => {
    const { out } = await runCommand("inspect", file);
    expect(out).toMatch(/^cannot be read: qa_outputs\.bias: it was made by training_code\.rebuild/m);
    expect(out).toMatch(
      /^cannot be read: longformer\.embeddings\.word_embeddings\.weight \(the parameter embeddings\.word_embeddings\.weight\): it is a quantised/m,
    );
    const { document } = await runJson("inspect", file);
    expect(document.unreadable).toContainEqual({
      name: "qa_outputs.bias",
      canonicalName: "qa_outputs.bias",
      reason: expect.stringContaining("training_code.rebuild"),
    });
    const dry = await runCommand("convert", file, "--to", "hf", "--dry-run");
    expect(dry.error).toMatch(/cannot be read {2}qa_outputs\.bias: it was made by/);
    const failed = await runCommand("convert", file, "--to", "hf", "-o", join(folder, "unreadable"));
    expect(failed.code).toBe(1);
    expect(failed.error).toMatch(/6 parameters are there but cannot be read/);
    expect(failed.error).not.toMatch(/lacks|missing/);
  });
});

describe("verify", () => {
  test("where one side has no configuration, the other's serves, and that is said: either way round, and of what they give", async () => {
    const bare = join(folder, "bare");
    await mkdir(bare);
    const file = join(bare, "weights.safetensors");
    await copyFile(join(folderOfQa, "model.safetensors"), file);
    for (const words of [
      [file, folderOfQa],
      [folderOfQa, file],
    ]) {
      const { code, error } = await runCommand("verify", ...words, "--forward");
      expect({ code, note: error.includes(`${file} has no configuration: it is read with that of ${folderOfQa}`) }).toEqual({
        code: 0,
        note: true,
      });
      expect((await runJson("verify", ...words)).document).toMatchObject({ equal: true, warnings: [expect.stringContaining(file)] });
    }
    expect((await runJson("verify", folderOfQa, folderOfQa)).document).toMatchObject({ equal: true, warnings: [] });
    const neither = await runCommand("verify", file, file);
    expect(neither.error).toMatch(/There is no config\.json in .*Pass the model's config\.json with --config/);
  });

  test("finds a difference and says which tensor, with exit code 1", async () => {
    const output = join(folder, "changed");
    await runCommand("convert", folderOfQa, "--to", "hf", "-o", output);
    const file = join(output, "model.safetensors");
    const bytes = await readFile(file);
    bytes.writeFloatLE(1234, bytes.byteLength - 4);
    await writeFile(file, bytes);
    const { code, document } = await runJson("verify", folderOfQa, output);
    expect({ code, equal: document.equal, differing: document.differing }).toEqual({ code: 1, equal: false, differing: 1 });
    expect((await runCommand("verify", folderOfQa, output)).out).toContain("1 of ");
    expect((await runJson("verify", folderOfQa, output, "--tolerance", "5000")).code).toBe(0);
  });
});

describe("bad input ends with exit code 1, one message, no stack and no output", () => {
  test.each<[string, string, () => Promise<string>]>([
    ["a path that does not exist", "There is no file or folder", async () => join(folder, "nothing.ckpt")],
    ["an empty folder", "a model folder holds one of", async () => mkdtemp(join(folder, "empty-"))],
    [
      "a Git LFS pointer",
      "Git LFS pointer",
      async () => textFile("lfs.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
    ],
    ["an HTML page named .bin", "HTML page", async () => textFile("page.bin", "<!DOCTYPE html>\n<html><body>Sign in</body></html>")],
    ["an empty file", "empty", async () => textFile("empty.bin", "")],
    ["a file of no known format", "begins with the bytes", async () => textFile("noise.bin", "just some words")],
    ["a truncated torch zip", "cut.ckpt", async () => cut(lightningFile, "cut.ckpt", 0.6)],
    ["a truncated safetensors file", "cut.safetensors", async () => cut(join(folderOfQa, "model.safetensors"), "cut.safetensors", 0.6)],
    ["another model", "not named as any known layout", async () => foreignSafetensors()],
  ])("%s", async (_, message, make) => {
    const [input, output] = [await make(), join(folder, "refused")];
    const plain = await runCommand("convert", input, "--to", "hf", "-o", output);
    expect(plain).toMatchObject({ code: 1, out: "" });
    expect(plain.error).toContain(message);
    expect(plain.error.trim().split("\n")).toHaveLength(1);
    expect(plain.error).not.toMatch(/\n\s+at /);
    const { code, document } = await runJson("convert", input, "--to", "hf", "-o", output);
    expect({ code, keys: Object.keys(document) }).toEqual({ code: 1, keys: ["error"] });
    await expect(stat(output)).rejects.toThrow("ENOENT");
  });

  test("a configuration that disagrees with the tensors", async () => {
    const config = join(folder, "other-config.json");
    const own = JSON.parse(await readFile(join(folderOfQa, "config.json"), "utf8"));
    await writeFile(config, JSON.stringify({ ...own, vocab_size: 61 }));
    const { code, error } = await runCommand("convert", folderOfQa, "--config", config, "--to", "hf", "-o", join(folder, "refused"));
    expect(code).toBe(1);
    expect(error).toContain("expected [61, 16]");
  });
});

describe("wrong usage ends with exit code 2", () => {
  test.each<[string, readonly string[], string]>([
    ["no command", [], "Usage"],
    ["an unknown option", ["inspect", lightningFile, "--frobnicate"], "frobnicate"],
    ["an unknown layout", ["inspect", lightningFile, "--layout", "no-such-layout"], 'no layout "no-such-layout"'],
    ["windows for other layers than there are", ["inspect", lightningFile, "--window", "4,4,4,4,4"], "5 windows are given (--window)"],
    ["an unknown target", ["convert", lightningFile, "--to", "no-such-target", "-o", "x"], 'no target "no-such-target"'],
    ["no output", ["convert", lightningFile, "--to", "hf"], "-o"],
    ["the name of another target's file", ["convert", lightningFile, "--to", "torch", "-o", "x.safetensors"], 'of the target "hf"'],
    ["a size that is none", ["convert", lightningFile, "--to", "hf", "-o", "x", "--shard-size", "many"], "500MB"],
    ["an unknown head", ["inspect", lightningFile, "--head", "tail"], "question-answering"],
    ["an address that is none", ["inspect", "http://[half/model.bin"], "is no URL"],
  ])("%s", async (_, words, message) => {
    const { code, error } = await runCommand(...words);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });

  test("an existing output without --force, and the source's own folder", async () => {
    const output = join(folder, "existing");
    await mkdir(output);
    await writeFile(join(output, "notes.txt"), "mine");
    const refused = await runCommand("convert", folderOfQa, "--to", "hf", "-o", output);
    expect(refused.code).toBe(2);
    expect(refused.error).toContain("--force");
    expect((await runCommand("convert", folderOfQa, "--to", "hf", "-o", output, "--force")).code).toBe(0);
    expect(await readFile(join(output, "notes.txt"), "utf8")).toBe("mine");
    const own = await runCommand("convert", folderOfQa, "--to", "torch", "-o", folderOfQa, "--force");
    expect(own.code).toBe(2);
    expect(own.error).toContain("read from");
  });
});

test("help and version end well", async () => {
  expect((await runCommand("--help")).code).toBe(0);
  expect((await runCommand("convert", "--help")).out).toContain("--dry-run");
  expect((await runCommand("--version")).out.trim()).toMatch(/^\d+\.\d+\.\d+/);
});

test("an adapter of the user's own is taken with --adapter, and a module that is none is refused", async () => {
  const module = join(folder, "adapter.mjs");
  await writeFile(
    module,
    'export default () => ({ specificationVersion: 1, name: "mine", containers: [], envelopes: [], layouts: [], targets: [] });',
  );
  expect((await runCommand("inspect", lightningFile, "--adapter", module)).code).toBe(0);
  const other = join(folder, "no-adapter.mjs");
  await writeFile(other, "export default 5;");
  const refused = await runCommand("inspect", lightningFile, "--adapter", other);
  expect(refused).toMatchObject({ code: 2, error: expect.stringContaining("no format adapter") });
});

describe("a process that is stopped in the middle", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGKILL", "SIGKILL"],
  ] as const)("by %s leaves nothing that looks finished, and the next run cleans up", async (signal, expected) => {
    const { url, stalled, close } = await stallingServer(await largeModel());
    const parent = await mkdtemp(join(folder, "stopped-"));
    const output = join(parent, "model");
    const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      ["--conditions=@longspan/source", cli, "convert", `${url}/model.safetensors`, "--to", "hf", "-o", output],
      { stdio: "ignore" },
    );
    const ended = new Promise<number | string | null>((resolve) => child.on("exit", (status, by) => resolve(by ?? status)));
    await Promise.race([stalled, ended.then((how) => Promise.reject(new Error(`it ended with ${how} before it was stopped`)))]);
    child.kill(signal);
    expect(await ended).toBe(expected);
    close();
    const left = await readdir(parent);
    expect(left).not.toContain("model");
    if (signal === "SIGINT") expect(left).toEqual([]);
    expect((await runCommand("convert", folderOfQa, "--to", "hf", "-o", output)).code).toBe(0);
    expect(await readdir(parent)).toEqual(["model"]);
  });
});

/** A checkpoint of 2 MB, so that converting it takes several reads. */
async function largeModel(): Promise<string> {
  const checkpoint = seededCheckpoint({ head: "question-answering", config: { ...smallConfig, vocab_size: 60_000 } });
  const path = join(folder, "large-model");
  const converter = createConverter({ adapters: [torch()] });
  await converter.convert(converter.plan(checkpoint, { target: "hf" }), { sink: await directorySink(path, { force: true }) });
  return path;
}

/** Serves a folder's files by ranges, but never answers for bytes past the first megabyte: `stalled` resolves when they are asked for. */
async function stallingServer(path: string): Promise<{ url: string; stalled: Promise<void>; close: () => void }> {
  let stall: () => void = () => {};
  const stalled = new Promise<void>((resolve) => {
    stall = resolve;
  });
  const server = createServer((request, response) => {
    void readFile(join(path, request.url ?? ""))
      .then((bytes) => {
        const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
        const [start, end] =
          range === null
            ? [0, bytes.byteLength - 1]
            : [Number(range[1]), range[2] === "" ? bytes.byteLength - 1 : Math.min(Number(range[2]), bytes.byteLength - 1)];
        if (end >= 2 ** 20) return stall();
        response.writeHead(range === null ? 200 : 206, {
          etag: '"1"',
          "accept-ranges": "bytes",
          "content-length": end - start + 1,
          "content-range": `bytes ${start}-${end}/${bytes.byteLength}`,
        });
        return response.end(request.method === "HEAD" ? undefined : bytes.subarray(start, end + 1));
      })
      .catch(() => response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, stalled, close: () => server.close().closeAllConnections() };
}

async function textFile(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function cut(path: string, name: string, share: number): Promise<string> {
  const copy = join(await mkdtemp(join(folder, "cut-")), name);
  await copyFile(path, copy);
  await truncate(copy, Math.floor((await stat(path)).size * share));
  return copy;
}

/** One tensor named as no Longformer's. */
async function foreignSafetensors(): Promise<string> {
  const header = Buffer.from(JSON.stringify({ "conv1.weight": { dtype: "F32", shape: [2], data_offsets: [0, 8] } }).padEnd(72));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.byteLength));
  const path = join(folder, "foreign.safetensors");
  await writeFile(path, Buffer.concat([length, header, Buffer.alloc(8)]));
  return path;
}
