// Everything of Longspan that reads bytes which others wrote, by name, each from one file's bytes to all that can be done with what was read. The
// corpus of hostile files (fixtures/hostile), the fuzzer (proof/fuzz.ts) and the comparison with the frameworks (interop/mutated.ts) share it.
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { torch } from "@longspan/adapter-torch";
import {
  bytesPerElement,
  type Checkpoint,
  createConverter,
  elementCount,
  type FileSet,
  LongspanError,
  memoryFileSet,
} from "@longspan/core";
import {
  compileLayout,
  createLongformerSpec,
  memoryBudget,
  parseJson,
  parseLayoutFile,
  parseLongformerConfig,
  stringifyJson,
} from "@longspan/core/adapter";
import { graphFromJson } from "@longspan/core/graph";
import { readDocument } from "@longspan/documents";
import { asBytes, asDict, describe, inertJson, PickleError, readPickle, writePickle } from "@longspan/pickle";
import { loadTokenizer } from "@longspan/pipelines";
import { onnx } from "@longspan/runtime-ort/onnx";
import { parseSafetensorsIndex, readSafetensorsHeader, SafetensorsError } from "@longspan/safetensors";
import type { jobReaders } from "./job-readers.ts";
import type { Reader } from "./reader.ts";
import { legacyAround, safetensorsAround, torchZipAround } from "./made-around.ts";
import { smallConfiguration } from "../../fixtures/hostile/small-configuration.ts";

/** Files of one folder, by name; a path such as `a/b` lies in a folder inside. */
export type HostileFiles = Readonly<Record<string, Uint8Array>>;

const converter = createConverter({ adapters: [torch(), paddle(), lightning(), tensorflow(), onnx()] });

/** Values of more bytes than this (expanded tensors, say) are described, not read. */
const readBytes = 2 ** 20;
const text = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: false });

async function bytesOf(files: FileSet, fileName: string): Promise<Uint8Array> {
  const source = await files.resolve(fileName);
  if (source === undefined) throw new LongspanError("not-found", `${fileName} is not in the case.`);
  return (await source.read(0, source.size)).slice();
}

interface ReadTensor {
  readonly name: string;
  readonly dataType: string;
  readonly shape: readonly number[];
  /** The elements as they lie in memory; null when there are too many to be read. */
  readonly bytes: Uint8Array | null;
}

export interface ReadCheckpoint {
  readonly container: string;
  readonly tensors: readonly ReadTensor[];
  /** The code of `Checkpoint.problem`. */
  readonly problem: string | undefined;
}

/** Reads a value twice, whole and in chunks: both must be the same, and as long as the shape says. */
async function readTensor(each: Checkpoint["tensors"][number]): Promise<ReadTensor> {
  const { tensor, sourceName } = each;
  const { dataType, shape, byteLength } = tensor;
  const about = { name: sourceName, dataType, shape };
  if (byteLength !== elementCount(shape) * bytesPerElement(dataType)) throw new Error(`"${sourceName}" has another length than its shape`);
  if (byteLength > readBytes) return { ...about, bytes: null };
  const { data } = await tensor.read();
  const whole = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (whole.length !== byteLength) throw new Error(`"${sourceName}" is read as ${whole.length} bytes, not ${byteLength}`);
  let position = 0;
  for await (const chunk of tensor.chunks()) {
    for (let index = 0; index < chunk.length; index++) {
      if (chunk[index] !== whole[position + index]) throw new Error(`"${sourceName}" differs in its chunks at byte ${position + index}`);
    }
    position += chunk.length;
  }
  if (position !== byteLength) throw new Error(`"${sourceName}" has chunks of ${position} bytes, not ${byteLength}`);
  return { ...about, bytes: whole.slice() };
}

/** Opens a checkpoint, reads every value, and plans what could be made of it. */
async function readCheckpoint(files: FileSet, fileName: string): Promise<ReadCheckpoint> {
  const checkpoint = await converter.open({ files, fileName });
  try {
    const tensors: ReadTensor[] = [];
    for (const each of checkpoint.tensors) tensors.push(await readTensor(each));
    for (const warning of checkpoint.warnings) requireShowable(warning);
    if (checkpoint.problem !== undefined) requireTyped(checkpoint.problem);
    if (checkpoint.spec !== null) {
      for (const target of ["hf", "paddle"]) requireTyped(converter.plan(checkpoint, { target }).problem);
    }
    return { container: checkpoint.container, tensors, problem: checkpoint.problem?.code };
  } finally {
    await checkpoint.close();
  }
}

const checkpointReader = (fileName: string): Reader => ({ fileName, read: readCheckpoint });

/** A tokenizer with the file among its own, and what it makes of some text. */
const tokenizerReader = (fileName: string): Reader => ({
  fileName,
  async read(files) {
    const tokenizer = await loadTokenizer(files);
    return tokenizer.encode("Who  signed\tthe café’s contract? \u{1f600}\u0301 東京 </s> <mask>").ids;
  },
});

function parsedBytes(bytes: Uint8Array, name: string): unknown {
  return parseJson(bytes, { name, code: "malformed", budget: memoryBudget(name, bytes.length) });
}

/** A document's text, and the places of its pieces. */
const documentReader = (fileName: string): Reader => ({
  fileName,
  async read(files, given) {
    const { kind, text, warnings, place } = await readDocument(await bytesOf(files, given), { name: given });
    for (const warning of warnings) requireShowable(warning);
    const places = [
      [0, text.length],
      [0, 0],
      [Math.floor(text.length / 2), text.length],
    ] as const;
    for (const [start, end] of places) place(start, end);
    return `${kind}: ${text}`;
  },
});

const parsed = async (files: FileSet, fileName: string): Promise<unknown> => parsedBytes(await bytesOf(files, fileName), fileName);

/** The file is a part of another, which is made around it: so that what is wrong lies inside of a whole file. */
function inside(name: string, fileName: string, around: (part: Uint8Array) => Uint8Array | Promise<Uint8Array>): Reader {
  return {
    fileName: name,
    read: async (files, given) =>
      readCheckpoint(memoryFileSet("case", { [fileName]: await around(await bytesOf(files, given)) }), fileName),
  };
}

/** Node's alone: browsers read no files of jobs, and serve nothing. */
const jobReader = (name: keyof typeof jobReaders, fileName: string): Reader => ({
  fileName,
  read: async (files, given) => (await import("./job-readers.ts")).jobReaders[name](files, given),
});
const ofNode = {
  "jobs-jsonl": jobReader("jobs-jsonl", "jobs.jsonl"),
  "jobs-csv": jobReader("jobs-csv", "jobs.csv"),
  "jobs-parquet": jobReader("jobs-parquet", "jobs.parquet"),
  "serve-request": jobReader("serve-request", "question-answering.json"),
};

export const readers = {
  pickle: {
    fileName: "data.pkl",
    async read(files, fileName) {
      const reading = await readPickle(await bytesOf(files, fileName));
      const { value } = reading;
      describe(value);
      JSON.stringify(inertJson(value, { values: 1000 }));
      asDict(value);
      asBytes(value);
      for (const protocol of [2, 4] as const) await typed(async () => writePickle(value, { protocol }));
      return reading;
    },
  },
  "safetensors-header": {
    fileName: "model.safetensors",
    async read(files, fileName) {
      const bytes = await bytesOf(files, fileName);
      const source = { size: bytes.length, read: async (offset: number, length: number) => bytes.slice(offset, offset + length) };
      return (await readSafetensorsHeader(source)).tensors;
    },
  },
  "safetensors-index": {
    fileName: "model.safetensors.index.json",
    async read(files, fileName) {
      return parseSafetensorsIndex(await bytesOf(files, fileName));
    },
  },
  "torch-pickle": inside("data.pkl", "pytorch_model.bin", torchZipAround),
  "legacy-pickle": inside("data.pkl", "pytorch_model.bin", legacyAround),
  "safetensors-json": inside("header.json", "model.safetensors", safetensorsAround),
  torch: checkpointReader("pytorch_model.bin"),
  legacy: checkpointReader("pytorch_model.bin"),
  tar: checkpointReader("pytorch_model.bin"),
  torchscript: checkpointReader("rust_model.ot"),
  "torch-index": checkpointReader("pytorch_model.bin.index.json"),
  distributed: checkpointReader(".metadata"),
  safetensors: checkpointReader("model.safetensors"),
  paddle: checkpointReader("model_state.pdparams"),
  pdiparams: checkpointReader("model.pdiparams"),
  lightning: checkpointReader("last.ckpt"),
  hdf5: checkpointReader("tf_model.h5"),
  onnx: checkpointReader("model.onnx"),
  "config-beside": checkpointReader("model.safetensors"),
  config: {
    fileName: "config.json",
    async read(files, fileName) {
      const { config } = parseLongformerConfig(await parsed(files, fileName));
      return createLongformerSpec(config, "question-answering").parameters.length;
    },
  },
  layout: {
    fileName: "layout.json",
    async read(files, fileName) {
      const layout = parseLayoutFile(utf8.decode(await bytesOf(files, fileName)), fileName);
      compileLayout(layout, smallSpec);
      return layout.name;
    },
  },
  graph: {
    fileName: "graph.json",
    async read(files, fileName) {
      return graphFromJson(await parsed(files, fileName)).nodes.length;
    },
  },
  json: {
    fileName: "some.json",
    async read(files, fileName) {
      const value = await parsed(files, fileName);
      // What was read is written as it was, and read again.
      const written = stringifyJson(value);
      if (written !== stringifyJson(parsedBytes(text.encode(written), "written")))
        throw new Error("JSON that was written is read as something else");
      return written.length;
    },
  },
  tokenizer: tokenizerReader("tokenizer.json"),
  "tokenizer-config": tokenizerReader("tokenizer_config.json"),
  "vocab-txt": tokenizerReader("vocab.txt"),
  merges: tokenizerReader("merges.txt"),
  sentencepiece: tokenizerReader("sentencepiece.bpe.model"),
  pdf: documentReader("a.pdf"),
  docx: documentReader("a.docx"),
  html: documentReader("a.html"),
  markdown: documentReader("a.md"),
  "plain-text": documentReader("a.txt"),
  ...ofNode,
} satisfies Readonly<Record<string, Reader>>;

export type ReaderName = keyof typeof readers;

/** Whether a reader is for Node alone. */
export function isOfNode(reader: ReaderName): boolean {
  return reader in ofNode;
}

const smallSpec = createLongformerSpec(parseLongformerConfig(smallConfiguration).config, "question-answering");

/** What a terminal obeys, or nobody sees; not the joiners and the number signs of scripts, which are seen. */
const obeyed =
  /(?!\n|\u200c|\u200d|[\u0600-\u0605]|\u06dd|\u070f|\u0890|\u0891|\u08e2|\u{110bd}|\u{110cd})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** A sentence for a user, not a copy of the file. */
const longestMessage = 4000;

function requireShowable(message: string): void {
  if (message.length === 0) throw new Error("a message says nothing");
  if (message.length > longestMessage) throw new Error(`a message of ${message.length} characters: ${message.slice(0, 200)}`);
  if (obeyed.test(message)) throw new Error(`a message that a terminal obeys: ${JSON.stringify(message.slice(0, 500))}`);
}

/** @returns the code of an error that Longspan means to throw; anything else is thrown on */
function codeOfTyped(error: unknown): string {
  if (error instanceof LongspanError || error instanceof PickleError || error instanceof SafetensorsError) {
    requireShowable(error.message);
    return error.code;
  }
  throw error;
}

function requireTyped(error: LongspanError | undefined): void {
  if (error !== undefined) codeOfTyped(error);
}

async function typed(work: () => Promise<unknown>): Promise<void> {
  await work().catch(codeOfTyped);
}

export type Outcome = { readonly refused: string; readonly message: string } | { readonly read: unknown };

/**
 * Reads files with a reader.
 * @returns what it read, or the error that it means to throw
 * @throws what no reader may throw: a plain error, a message that a terminal obeys, values that contradict one another
 */
export async function outcomeOf(reader: ReaderName, files: HostileFiles, fileName?: string): Promise<Outcome> {
  const { read, fileName: usual }: Reader = readers[reader];
  try {
    return { read: await read(memoryFileSet("case", files), fileName ?? usual) };
  } catch (error) {
    return { refused: codeOfTyped(error), message: error instanceof Error ? error.message : "" };
  }
}
