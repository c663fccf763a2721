import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Checkpoint, type FileSet, httpFileSet, type LazyTensor, LongspanError, openCheckpoint } from "@longspan/core";
import { pathInput } from "@longspan/core/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectedBytes, expectedOf, fixturesFolder } from "../test/fixture.ts";
import { torch } from "./torch.ts";

const adapters = [torch()];

/** Folder in fixtures/sharded, the file whose expectation stands for it, and what opens it. */
const fixtures = [
  ["dcp-rows-and-columns", "dcp-rows-and-columns/.metadata", "torch-distributed"],
  ["dcp-lightning/step.ckpt", "dcp-lightning/step.ckpt/.metadata", "torch-distributed"],
  ["dcp-accelerate/pytorch_model_fsdp_0", "dcp-accelerate/pytorch_model_fsdp_0/.metadata", "torch-distributed"],
  ["deepspeed-zero1/epoch=1-step=2.ckpt", "deepspeed-zero1/epoch=1-step=2.ckpt/latest", "deepspeed"],
  ["deepspeed-zero2", "deepspeed-zero2/latest", "deepspeed"],
  ["deepspeed-zero3", "deepspeed-zero3/latest", "deepspeed"],
  ["dcp-safetensors", "dcp-safetensors/shard-00001-model-00001-of-00001.safetensors", "torch-distributed-safetensors"],
  ["dcp-safetensors-inside", "dcp-safetensors-inside/.metadata", "torch-distributed"],
] as const;

const folderOf = (path: string): string => join(fixturesFolder, "sharded", path);

async function open(path: string): Promise<Checkpoint> {
  return openCheckpoint(await pathInput(path), { adapters });
}

async function bytesOf(tensor: LazyTensor | undefined): Promise<Uint8Array | undefined> {
  if (tensor === undefined) return undefined;
  const { data } = await tensor.read();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

async function expectValues(checkpoint: Checkpoint, expectation: string): Promise<void> {
  const expected = expectedOf(`sharded/${expectation}`);
  expect(checkpoint.problem).toBeUndefined();
  expect(checkpoint.head).toBe(expected.head);
  const found = new Map(checkpoint.tensors.map(({ sourceName, tensor }) => [sourceName, tensor]));
  const path = (expected.stateDictPath ?? ["module"]).map((key) => `${key}.`).join("");
  for (const tensor of expected.tensors) {
    const { name, dataType, shape } = tensor;
    const at = found.get(path + name);
    expect([name, at?.dataType, at?.shape]).toEqual([name, dataType, shape]);
    expect([name, await bytesOf(at)]).toEqual([name, expectedBytes(tensor)]);
  }
  const weights = checkpoint.weights();
  for (const tensor of expected.tensors.filter(({ canonicalName }) => canonicalName !== null)) {
    expect([tensor.name, await bytesOf(weights.get(tensor.canonicalName ?? ""))]).toEqual([tensor.name, expectedBytes(tensor)]);
  }
}

test.each(fixtures)("%s: every value is what the framework's own consolidation gives", async (folder, expectation, container) => {
  await using checkpoint = await open(folderOf(folder));
  expect(checkpoint.container).toBe(container);
  await expectValues(checkpoint, expectation);
});

describe("the same checkpoint is found", () => {
  test.each([
    ["from the folder that holds the shards", "deepspeed-zero1/epoch=1-step=2.ckpt/checkpoint", 3],
    ["from the run's folder around it", "deepspeed-zero1", 3],
    ["from the file latest", "deepspeed-zero2/latest", 4],
    ["from the script beside", "deepspeed-zero2/zero_to_fp32.py", 4],
    ["from the inner folder, with the configuration around it", "deepspeed-zero3/global_step0", 5],
    ["from the run's folder", "dcp-lightning", 1],
    ["from .metadata", "dcp-rows-and-columns/.metadata", 0],
    ["from the folder of the trainer", "dcp-accelerate", 2],
  ])("%s", async (_, path, index) => {
    await using checkpoint = await open(folderOf(path));
    await expectValues(checkpoint, fixtures[index]?.[1] ?? "");
  });

  test("at a URL, which lists nothing", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? "", "http://x").pathname);
      asked.push(path);
      let bytes: Buffer;
      try {
        bytes = readFileSync(join(fixturesFolder, "sharded", path));
      } catch {
        response.writeHead(404).end();
        return;
      }
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      if (range === null) response.writeHead(200, { "content-length": bytes.length, "accept-ranges": "bytes" }).end(bytes);
      else {
        const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
        response
          .writeHead(206, { "content-range": `bytes ${start}-${end}/${bytes.length}`, "content-length": end + 1 - start })
          .end(bytes.subarray(start, end + 1));
      }
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      for (const [folder, expectation] of [fixtures[0], fixtures[4], fixtures[5]]) {
        await using checkpoint = await openCheckpoint({ files: httpFileSet(`${base}/${folder}/`) }, { adapters });
        await expectValues(checkpoint, expectation);
      }
    } finally {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
  });
});

test("the model file of ZeRO 2 by itself has the weights in half precision, and a note says where the masters are", async () => {
  await using checkpoint = await open(folderOf("deepspeed-zero2/global_step0/mp_rank_00_model_states.pt"));
  expect(new Set(checkpoint.tensors.map(({ tensor }) => tensor.dataType))).toEqual(new Set(["bfloat16"]));
  expect(checkpoint.problem).toBeUndefined();
  expect(checkpoint.warnings.join("\n")).toMatch(/float32 master weights lie in the shards beside it/);
});

test("who leaves a file that several tensors lie in takes it from none of the others", async () => {
  await using checkpoint = await open(folderOf("dcp-safetensors-inside"));
  const weights = checkpoint.weights();
  const leaving = new AbortController();
  const left = weights.get("pooler.dense.bias")?.read({ signal: leaving.signal });
  const other = weights.get("pooler.dense.weight")?.read();
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: "aborted" });
  expect((await other)?.shape).toEqual([16, 16]);
});

describe("in a folder that was changed", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "longspan-sharded-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** A copy of a fixture's folder. */
  function copy(name: string): string {
    const target = mkdtempSync(join(folder, "copy-"));
    cpSync(folderOf(name), target, { recursive: true });
    return target;
  }

  async function refusal(path: string): Promise<LongspanError> {
    const error: unknown = await open(path).then(
      async (checkpoint) => {
        await checkpoint.close();
        return undefined;
      },
      (reason: unknown) => reason,
    );
    expect.assert(LongspanError.isInstance(error));
    return error;
  }

  test.each([
    [
      "a rank's optimizer",
      "deepspeed-zero3",
      "global_step0/bf16_zero_pp_rank_2_mp_rank_00_optim_states.pt",
      "not-found",
      /rank_2.*3 ranks/,
    ],
    [
      "a rank's model states, of frozen parameters",
      "deepspeed-zero3",
      "global_step0/zero_pp_rank_1_mp_rank_00_model_states.pt",
      "not-found",
      /rank_1.*3 ranks/,
    ],
    [
      "rank 0's model states",
      "deepspeed-zero3",
      "global_step0/zero_pp_rank_0_mp_rank_00_model_states.pt",
      "not-found",
      /parts of a DeepSpeed checkpoint/,
    ],
    ["a shard", "dcp-rows-and-columns", "__2_0.distcp", "not-found", /names the file "__2_0.distcp"/],
    [
      "a shard of safetensors",
      "dcp-safetensors",
      "shard-00002-model-00001-of-00001.safetensors",
      "tensor-invalid",
      /has pieces for .* missing/,
    ],
    [".metadata", "dcp-rows-and-columns", ".metadata", "not-found", /no \.metadata.*begins with a dot/],
  ])("%s is missing, and said to be", async (_, fixture, file, code, message) => {
    const path = copy(fixture);
    unlinkSync(join(path, file));
    expect(await refusal(path)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each([
    [
      "a rank's share of ZeRO 2 is missing",
      (path: string) => unlinkSync(join(path, "global_step0/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt")),
      /rank_1.*2 ranks/,
    ],
    [
      "all shares are missing",
      (path: string) => [0, 1].map((rank) => unlinkSync(join(path, `global_step0/bf16_zero_pp_rank_${rank}_mp_rank_00_optim_states.pt`))),
      /has no bf16_zero_pp_rank_0/,
    ],
    [
      "a share is cut off",
      (path: string) => truncateSync(join(path, "global_step0/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt"), 5000),
      /rank_1/,
    ],
  ])("%s: the model file is read, and a warning says so", async (_, change, why) => {
    const path = copy("deepspeed-zero2");
    change(path);
    await using checkpoint = await open(path);
    expect(checkpoint.problem).toBeUndefined();
    expect(new Set(checkpoint.tensors.map(({ tensor }) => tensor.dataType))).toEqual(new Set(["bfloat16"]));
    const warning = checkpoint.warnings.find((sentence) => sentence.includes("float32 master weights cannot be had"));
    expect(warning).toMatch(why);
  });

  test("a shard that is too short is cut off", async () => {
    const path = copy("dcp-rows-and-columns");
    truncateSync(join(path, "__3_0.distcp"), 20_000);
    expect(await refusal(path)).toMatchObject({ code: "truncated", message: expect.stringContaining("__3_0.distcp") });
  });

  test("a shard of another checkpoint is noticed when it is read", async () => {
    const path = copy("dcp-rows-and-columns");
    const shard = readFileSync(join(path, "__0_0.distcp"));
    const moved = Buffer.concat([shard.subarray(1700), shard]);
    writeFileSync(join(path, "__0_0.distcp"), moved);
    await using checkpoint = await open(path);
    const reading = Promise.all([...checkpoint.weights().values()].map((tensor) => tensor.read()));
    await expect(reading).rejects.toMatchObject({ name: "LongspanError" });
  });

  test("a safetensors file in a shard that has another block than .metadata says is noticed when it is read", async () => {
    const path = copy("dcp-safetensors-inside");
    const shard = join(path, "__0_0.distcp");
    const text = readFileSync(shard, "latin1").replace(String.raw`word_embeddings.weight\": {\"saved_offsets\": [0,`, (found) =>
      found.replace("[0,", "[9,"),
    );
    writeFileSync(shard, text, "latin1");
    await using checkpoint = await open(path);
    const reading = checkpoint.weights().get("embeddings.word_embeddings.weight")?.read();
    await expect(reading).rejects.toMatchObject({
      code: "tensor-invalid",
      message: expect.stringMatching(
        /__0_0\.distcp has the block at \[9, 0\] of it, and \.metadata says the one at \[0, 0\].*save the checkpoint again/,
      ),
    });
    writeFileSync(shard, text.replace("DCP_SHARDING_INFO", "DCP_SHARDING_NONE"), "latin1");
    await using nameless = await open(path);
    await expect(nameless.weights().get("pooler.dense.weight")?.read()).rejects.toMatchObject({ code: "malformed" });
  });

  test("latest that names no folder inside, or a path, leads nowhere", async () => {
    for (const tag of ["../deepspeed-zero3", "/etc", "gone", ".."]) {
      const path = copy("deepspeed-zero2");
      writeFileSync(join(path, "latest"), tag);
      // The folder inside is found by itself.
      await using checkpoint = await open(path);
      expect(checkpoint.name).toContain(`${basename(path)}/global_step0/`);
    }
  });

  test("several checkpoints side by side are a choice for the user, the newest first", async () => {
    const path = mkdtempSync(join(folder, "runs-"));
    for (const name of ["global_step9", "global_step10"])
      cpSync(folderOf("deepspeed-zero2/global_step0"), join(path, name), { recursive: true });
    const error = await refusal(path);
    expect([error.code, error.message]).toEqual([
      "ambiguous-format",
      expect.stringMatching(/2 checkpoints: global_step10, global_step9\. .*\/global_step10\.$/),
    ]);
  });

  test("a folder with a model file of its own says what more there is", async () => {
    const path = copy("deepspeed-zero2");
    cpSync(join(fixturesFolder, "torch/heads/question-answering/pytorch_model.bin"), join(path, "pytorch_model.bin"));
    await using checkpoint = await open(path);
    expect(checkpoint.name).toContain("pytorch_model.bin");
    expect(checkpoint.warnings.join("\n")).toMatch(/also holds a checkpoint of DeepSpeed.*global_step0/);
  });
});

describe("a part by itself says what it is, and what to give", () => {
  test.each([
    ["deepspeed-zero2/global_step0/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt", /share of the optimizer.*Give the folder/],
    [
      "deepspeed-zero3/global_step0/zero_pp_rank_1_mp_rank_00_model_states.pt",
      /share of a DeepSpeed checkpoint \(ZeRO 3\).*Give the folder/,
    ],
    ["dcp-safetensors/shard-00002-model-00001-of-00001.safetensors", /distributed checkpoint.*Give the folder/],
    ["dcp-rows-and-columns/__1_0.distcp", /distributed checkpoint.*Give the folder/],
  ])("%s", async (path, message) => {
    await expect(open(folderOf(path))).rejects.toMatchObject({ code: "unsupported", message: expect.stringMatching(message) });
  });
});

describe("what one process saved of its part of a tensor says what it is", () => {
  test.each([
    ["distributed-tensors.pt", ["rows", "whole", "parameter"]],
    ["sharded-tensors.pt", ["rows"]],
  ])("%s", async (file, names) => {
    await using checkpoint = await open(folderOf(`shares/${file}`));
    expect(checkpoint.tensors.map(({ sourceName }) => sourceName)).toEqual(["plain"]);
    expect(checkpoint.unreadable.map(({ sourceName }) => sourceName)).toEqual(names);
    for (const { reason } of checkpoint.unreadable) expect(reason).toMatch(/one process's share.*full_state_dict/);
  });

  test("flat-parameters.pt", async () => {
    await expect(open(folderOf("shares/flat-parameters.pt"))).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/_flat_param.*FULL_STATE_DICT/),
    });
  });
});

describe("checkpoints of others say what they are", () => {
  const folder = (files: readonly string[], folders: readonly string[] = []): FileSet => ({
    name: "run",
    resolve: async () => undefined,
    list: async () => files,
    listFolders: async () => folders,
  });
  test.each([
    ["Orbax", folder(["_CHECKPOINT_METADATA", "_METADATA", "manifest.ocdbt"], ["d", "ocdbt.process_0"]), /Orbax/],
    ["Megatron", folder(["latest_checkpointed_iteration.txt"], ["iter_0001000"]), /Megatron.*convert\.py/],
    ["tensor-parallel Megatron", folder([], ["mp_rank_00", "mp_rank_01"]), /Megatron/],
    ["DeepSpeed's universal form", folder(["latest_universal"], ["global_step5_universal"]), /universal/],
    ["TensorFlow", folder(["checkpoint", "model.ckpt.index", "model.ckpt.data-00000-of-00001"]), /TensorFlow/],
    ["tensor-parallel DeepSpeed", folder(["mp_rank_00_model_states.pt", "mp_rank_01_model_states.pt"]), /tensor-parallel/],
    ["a pipeline of DeepSpeed", folder(["layer_00-model_00-model_states.pt", "layer_01-model_00-model_states.pt"]), /pipeline/],
    ["ranks that did not tell each other", folder(["__0.metadata", "__0_0.distcp"]), /use_collectives=False/],
  ])("%s", async (_, files, message) => {
    await expect(openCheckpoint({ files }, { adapters })).rejects.toMatchObject({
      name: "LongspanError",
      message: expect.stringMatching(message),
    });
  });
});
