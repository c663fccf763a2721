import { type ByteSource, LongspanError, memoryFileSet } from "@longspan/core";
import { bytesSource, isTensor, isTreeMap } from "@longspan/core/adapter";
import type { NestedNumbers, RawTensor } from "@longspan/core/graph";
import type { RawLongformerInputs } from "@longspan/core/runtime";
import { fileSource } from "@longspan/core/node";
import { safetensorsContainer } from "@longspan/container-safetensors";
import { looksLikeSafetensors } from "@longspan/safetensors";
import { isReadOnce, readPipe } from "./read-once.ts";
import { readStandardInput } from "./standard-input.ts";
import type { Terminal } from "./terminal.ts";

/**
 * JSON is for token ids: a batch of 1,000 rows of 4,096 is 25 MB. Vectors of such a batch belong into safetensors, of which what is read
 * has to fit into memory beside the model.
 */
const limits = { jsonBytes: 100_000_000, safetensorsBytes: 2 ** 32, depth: 8 };

/** For a header: what `looksLikeSafetensors` needs, and more than white space before a `{`. */
const headBytes = 64;

/**
 * A model's inputs from a file or a pipe, or from standard input where the path is `-`: a safetensors file, or a JSON object of nested lists, told
 * apart by their bytes.
 * @throws LongspanError `inputs-invalid`, `not-found`, `limit-exceeded`; what a damaged safetensors file calls for.
 */
export async function readTensorInputs(path: string, terminal: Terminal, signal: AbortSignal): Promise<RawLongformerInputs> {
  const source = await openInputs(path, terminal, signal);
  try {
    const head = await source.read(0, Math.min(headBytes, source.size), { signal });
    // A file that ends before what its header promises is safetensors too: reading it says what is wrong.
    const read = looksLikeSafetensors(head, Number.MAX_SAFE_INTEGER) ? readSafetensors : readJson;
    const inputs = await read(source, signal);
    await source.checkUnchanged?.();
    return inputs;
  } finally {
    await source.close();
  }
}

async function openInputs(path: string, terminal: Terminal, signal: AbortSignal): Promise<ByteSource> {
  if (path === "-") return bytesSource(await readStandardInput(terminal, limits.jsonBytes, signal), "standard input");
  return (await isReadOnce(path)) ? bytesSource(await readPipe(path, limits.jsonBytes, signal), path) : fileSource(path);
}

async function readSafetensors(source: ByteSource, signal: AbortSignal): Promise<RawLongformerInputs> {
  requireSize(source, limits.safetensorsBytes);
  const { root, close } = await safetensorsContainer().open({
    source,
    fileName: source.name,
    files: memoryFileSet(source.name, {}),
    signal,
  });
  try {
    const inputs: Record<string, RawTensor> = {};
    for (const [name, value] of isTreeMap(root) ? root.entries : []) {
      if (typeof name !== "string" || !isTensor(value))
        throw invalid(source, `${JSON.stringify(name)} has elements that Longspan does not know. Write it as int64, int32 or float32`);
      inputs[name] = await value.read({ signal });
    }
    return inputs;
  } finally {
    await close();
  }
}

async function readJson(source: ByteSource, signal: AbortSignal): Promise<RawLongformerInputs> {
  requireSize(source, limits.jsonBytes);
  const document = parse(source, await source.read(0, source.size, { signal }));
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw invalid(source, 'expected an object of nested lists, such as {"input_ids": [[0, 31414, 2]]}');
  for (const [name, value] of Object.entries(document)) {
    if (!isNestedNumbers(value, limits.depth))
      throw invalid(source, `"${name}" is no list of lists of numbers. Write it as [batch, sequence], such as [[0, 31414, 2]]`);
  }
  return document;
}

function parse(source: ByteSource, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(source, `neither a safetensors file nor JSON (${error instanceof Error ? error.message : String(error)})`, error);
  }
}

function isNestedNumbers(value: unknown, depth: number): value is NestedNumbers {
  return (
    depth > 0 &&
    Array.isArray(value) &&
    value.every((item: unknown) => (typeof item === "number" && Number.isFinite(item)) || isNestedNumbers(item, depth - 1))
  );
}

function requireSize({ name, size }: ByteSource, limit: number): void {
  if (size <= limit) return;
  throw new LongspanError(
    "limit-exceeded",
    `${name} is ${size} bytes long; inputs of this kind have at most ${limit}. Give fewer rows at a time.`,
    {
      details: { path: name, size, limit },
    },
  );
}

function invalid({ name }: ByteSource, problem: string, cause?: unknown): LongspanError {
  return new LongspanError("inputs-invalid", `${name}: ${problem}.`, { cause, details: { path: name } });
}
