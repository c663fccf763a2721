// Whole files of each reader's kind, from the fixtures: what the fuzzer changes, and what the corpus damages.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type FileSet, memoryDirectorySink } from "@longspan/core";
import type { HostileFiles, ReaderName } from "./readers.ts";

export interface Seed {
  /** Where it came from. */
  readonly name: string;
  /** The file that is changed. */
  readonly fileName: string;
  readonly bytes: Uint8Array;
  /** What lies beside it, unchanged. */
  readonly beside: HostileFiles;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

function read(path: string): Uint8Array {
  return new Uint8Array(readFileSync(`${root}/${path}`));
}

/** The files of these folders, or these files, up to so many bytes; smallest first. */
function files(paths: readonly string[], ending: RegExp, largest = 16_000, most = 24): string[] {
  const found = paths.flatMap((path) =>
    statSync(`${root}/${path}`).isDirectory()
      ? readdirSync(`${root}/${path}`)
          .filter((name) => ending.test(name))
          .map((name) => `${path}/${name}`)
      : [path],
  );
  const sized = found.map((path) => ({ path, size: statSync(`${root}/${path}`).size })).filter(({ size }) => size > 0 && size <= largest);
  return sized
    .toSorted((a, b) => a.size - b.size)
    .slice(0, most)
    .map(({ path }) => path);
}

function seeds(paths: readonly string[], fileName: string, beside: HostileFiles = {}): Seed[] {
  return paths.map((path) => ({ name: path, fileName, bytes: read(path), beside }));
}

/** A folder's files, one of which is changed. */
function ofFolder(folder: string, fileName: string, others: readonly string[]): Seed[] {
  const beside = Object.fromEntries(others.map((name) => [name, read(`${folder}/${name}`)]));
  return [{ name: `${folder}/${fileName}`, fileName, bytes: read(`${folder}/${fileName}`), beside }];
}

const texts = (fileName: string, ...contents: readonly unknown[]): Seed[] =>
  contents.map((content, index) => ({
    name: `${fileName} ${index}`,
    fileName,
    bytes: new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content)),
    beside: {},
  }));

/** The pickles of torch's archives stand at the beginning of the archive, stored as they are. */
function picklesOfArchives(paths: readonly string[]): Seed[] {
  return seeds(paths, "data.pkl").flatMap((seed) => {
    const view = new DataView(seed.bytes.buffer, seed.bytes.byteOffset);
    const start = 30 + view.getUint16(26, true) + view.getUint16(28, true);
    const end = Buffer.from(seed.bytes).indexOf("PK\u0007\u0008", start, "latin1");
    return end < 0 ? [] : [{ ...seed, bytes: seed.bytes.slice(start, end) }];
  });
}

function headersOfSafetensors(paths: readonly string[]): Seed[] {
  return seeds(paths, "header.json").map((seed) => {
    const length = new DataView(seed.bytes.buffer, seed.bytes.byteOffset).getUint32(0, true);
    return { ...seed, bytes: seed.bytes.slice(8, 8 + length) };
  });
}

const config = "fixtures/torch/heads/question-answering/config.json";

/** A file that Longspan wrote: a model, and its graph. */
async function written(): Promise<{ readonly onnx: Uint8Array; readonly graph: string }> {
  const { createConverter } = await import("@longspan/core");
  const { graphToJson, longformerGraph } = await import("@longspan/core/graph");
  const { directoryFileSet } = await import("@longspan/core/node");
  const { torch } = await import("@longspan/adapter-torch");
  const { onnx } = await import("@longspan/runtime-ort/onnx");
  const converter = createConverter({ adapters: [torch(), onnx()] });
  const folder: FileSet = directoryFileSet(`${root}/fixtures/torch/heads/question-answering`);
  await using checkpoint = await converter.open({ files: folder, fileName: "pytorch_model.bin" });
  const sink = memoryDirectorySink();
  await converter.convert(converter.plan(checkpoint, { target: "onnx" }), { sink });
  const model = [...sink.files].find(([name]) => name.endsWith(".onnx"));
  if (model === undefined || checkpoint.spec === null) throw new Error("no ONNX file was written");
  return { onnx: model[1], graph: JSON.stringify(graphToJson(longformerGraph(checkpoint.spec.config, checkpoint.spec.head))) };
}

/** Seeds of every reader. */
export async function seedsOf(reader: ReaderName): Promise<readonly Seed[]> {
  const pickles = files(["packages/pickle/fixtures"], /\.pkl$/);
  const torchFiles = files(["fixtures/torch/tensors", "fixtures/torch/changed", "fixtures/torch/old"], /(?<!legacy)\.pt$/);
  const safetensorsFiles = files(["packages/safetensors/fixtures/written", "fixtures/peft/lora-bias"], /\.safetensors$/);
  const folder = "fixtures/pipelines/byte-level";
  const all: Readonly<Record<ReaderName, () => readonly Seed[] | Promise<readonly Seed[]>>> = {
    pickle: () => seeds(pickles, "data.pkl"),
    "safetensors-header": () => seeds(safetensorsFiles, "model.safetensors"),
    "safetensors-index": () =>
      seeds(["fixtures/huggingface/question-answering-sharded-safetensors/model.safetensors.index.json"], "model.safetensors.index.json"),
    "torch-pickle": () => picklesOfArchives(torchFiles),
    "legacy-pickle": () => picklesOfArchives(torchFiles),
    "safetensors-json": () => headersOfSafetensors(safetensorsFiles),
    torch: () => seeds(torchFiles, "pytorch_model.bin"),
    legacy: () =>
      seeds(
        files(["fixtures/torch/tensors", "fixtures/torch/changed", "fixtures/torch/old"], /legacy\.pt$|1\.4.*\.pt$/),
        "pytorch_model.bin",
      ),
    tar: () => seeds(files(["fixtures/torch/reproduced"], /tar\.pt$/, 60_000), "pytorch_model.bin"),
    torchscript: () => seeds(files(["fixtures/torchscript/small"], /\.pt$/), "rust_model.ot"),
    "torch-index": () => shards("fixtures/huggingface/question-answering-sharded-torch", "pytorch_model.bin.index.json"),
    distributed: () => shards("fixtures/sharded/dcp-rows-and-columns", ".metadata"),
    safetensors: () => seeds(safetensorsFiles, "model.safetensors"),
    paddle: () =>
      seeds(
        files(["fixtures/paddle/pickle", "fixtures/paddle/changed", "fixtures/paddle/old/paddle-1.8.5"], /\.pd(params|opt|tensor)$/),
        "model_state.pdparams",
      ),
    pdiparams: () =>
      seeds(["fixtures/paddle/program/small.pdiparams", "fixtures/paddle/old/paddle-2.6.2/inference/small.pdiparams"], "model.pdiparams"),
    lightning: () => seeds(files(["fixtures/lightning"], /\.ckpt$/, 80_000, 3), "last.ckpt"),
    hdf5: () => seeds(files(["fixtures/hdf5"], /\.h5$/, 50_000), "tf_model.h5"),
    onnx: async () => [{ name: "written", fileName: "model.onnx", bytes: (await written()).onnx, beside: {} }],
    "config-beside": () =>
      seeds(["fixtures/huggingface/question-answering/model.safetensors"], "model.safetensors", { "config.json": read(config) }),
    config: () =>
      seeds(
        files(
          ["fixtures/torch/heads/question-answering", "fixtures/huggingface/original", "fixtures/roberta/grafts/roberta-masked-lm"],
          /^config\.json$/,
        ),
        "config.json",
      ),
    layout: () =>
      texts("layout.json", {
        version: 1,
        name: "mine",
        trunkPrefix: "longformer.",
        rules: [
          {
            from: "encoder.layer.{i}.attention.self.{p:query|key|value}.weight",
            to: "layers.{i}.{p:q|k|v}.weight",
            transform: "transpose",
          },
          { from: "embeddings.LayerNorm.{w:weight|bias}", to: "norm.{w:gamma|beta}" },
        ],
        accepts: [{ from: "pooler.dense.weight", to: "pool.w" }],
        drops: [{ name: "position_ids", reason: "made anew" }],
        adds: [],
      }),
    graph: async () => texts("graph.json", (await written()).graph),
    json: () =>
      texts(
        "some.json",
        '{"a":[1,-2.5e-3,1e400,true,null,"é\u{1f600}\\n\\\\u0000"],"__proto__":{"b":{}},"":[[],{}]}',
        "[1,[2,[3,[4]]],{}]",
      ),
    tokenizer: () => ["byte-level", "word-piece"].flatMap((name) => ofFolder(`fixtures/pipelines/${name}`, "tokenizer.json", [])),
    "tokenizer-config": () => ofFolder(folder, "tokenizer_config.json", ["tokenizer.json"]),
    "vocab-txt": () => texts("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nwho\nsigned\n##s\nthe\n?\n"),
    merges: () => ofFolder(folder, "merges.txt", ["vocab.json"]),
    pdf: () => seeds(files(["fixtures/documents"], /\.pdf$/, 40_000), "a.pdf"),
    docx: () => seeds(files(["fixtures/documents"], /\.docx$/, 40_000), "a.docx"),
    html: () => seeds(files(["fixtures/documents"], /\.html?$/, 40_000), "a.html"),
    markdown: () => seeds(["README.md", "packages/pickle/README.md"], "a.md"),
    "plain-text": () => texts("a.txt", "Who signed?\r\nThe café\u2019s owner did.\f\n", "\ufeff1\t2\n\n3"),
    "jobs-jsonl": () =>
      texts(
        "jobs.jsonl",
        '{"id":"a","question":"who?","text":"the cat","top-k":2}\n{"question":"where?","document":"on the mat","within-words":true}\n',
        '{"id":1,"question":"q","file":"a.txt"}\r\n\n{"id":2,"question":"q","context":"é\\u0000"}',
      ),
    "jobs-csv": () => seeds(files(["fixtures/jobs"], /\.csv$/), "jobs.csv"),
    "jobs-parquet": () => seeds(files(["fixtures/jobs"], /\.parquet$/), "jobs.parquet"),
    "serve-request": () => [
      ...texts("question-answering.json", {
        inputs: { question: "q", context: "c" },
        parameters: { top_k: 2, doc_stride: 8, align_to_words: false },
      }),
      ...texts("fill-mask.json", { inputs: ["a <mask>"], parameters: { top_k: 3 } }),
      ...texts("text-classification.json", { inputs: "t", parameters: { function_to_apply: "softmax", top_k: 1 } }),
      ...texts("token-classification.json", { inputs: "t", parameters: { aggregation_strategy: "none", ignore_labels: ["O"] } }),
      ...texts("feature-extraction.json", { inputs: ["t", "u"], normalize: true, truncate: true }),
      ...texts("embeddings.json", { input: ["t"], model: "m", encoding_format: "base64" }),
    ],
    sentencepiece: () => seeds(["fixtures/tokenizers/sentencepiece.bpe.model"], "sentencepiece.bpe.model"),
  };
  return all[reader]();
}

/** An index, and the files that it names. */
function shards(folder: string, fileName: string): Seed[] {
  return ofFolder(
    folder,
    fileName,
    readdirSync(`${root}/${folder}`).filter(
      (name) => name !== fileName && !name.endsWith(".expected.json") && statSync(`${root}/${folder}/${name}`).isFile(),
    ),
  );
}
