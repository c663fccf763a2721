import { createHash } from "node:crypto";
import { LongspanError, type FileSet } from "@longspan/core";
import { type Container, isTensor, isTensorLike, type TreeValue } from "@longspan/core/adapter";
import type { FoundTensor } from "./framework.ts";

/** What our reader made of a file. */
export interface OurReading {
  readonly tensors: readonly FoundTensor[];
  /** Code and message of what the whole file was refused with. */
  readonly refused: Refusal | undefined;
  /** The paths of tensors that were refused by themselves, as JSON, and with what. */
  readonly refusedTensors: ReadonlyMap<string, Refusal>;
  /** What else there is to say of the file: that something of it was left out. */
  readonly warnings: readonly string[];
  /** It holds more than is compared. */
  readonly skipped: boolean;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Values of more bytes are not compared; read_mutated.py has the same. */
const mostBytes = 2 ** 20;
const mostValues = 20_000;
const mostDepth = 200;

/** Opens a file with the container whose claim is the strongest, as opening a checkpoint does, and reads every tensor in its lists and maps. */
export async function readOurs(files: FileSet, fileName: string, containers: readonly Container[]): Promise<OurReading> {
  const refusedTensors = new Map<string, Refusal>();
  const tensors: FoundTensor[] = [];
  const warnings: string[] = [];
  const state = { tensors, refusedTensors, warnings };
  try {
    const source = await files.resolve(fileName);
    if (source === undefined) throw new Error(`${fileName} is not there`);
    const container = await chosen(
      containers,
      source.size === 0 ? new Uint8Array(0) : await source.read(0, Math.min(4096, source.size)),
      source,
    );
    const opened = await container.open({ source, fileName, files });
    warnings.push(...opened.warnings);
    try {
      for (const [path, value] of leaves(opened.root)) {
        try {
          tensors.push(await found(path, value));
        } catch (error) {
          refusedTensors.set(JSON.stringify(path), refusal(error));
        }
      }
    } finally {
      await opened.close();
    }
    return { ...state, refused: undefined, skipped: false };
  } catch (error) {
    if (error instanceof TooMuch) return { ...state, refused: undefined, skipped: true };
    return { ...state, refused: refusal(error), skipped: false };
  }
}

async function chosen(
  containers: readonly Container[],
  head: Uint8Array,
  source: Parameters<Container["detect"]>[0]["source"],
): Promise<Container> {
  let best: { readonly container: Container; readonly specificity: number } | undefined;
  for (const container of containers) {
    const claim = await container.detect({ source, head });
    if (claim !== undefined && claim.specificity > (best?.specificity ?? 0)) best = { container, specificity: claim.specificity };
  }
  if (best === undefined) throw new LongspanError("not-a-checkpoint", "No container claims the file.");
  return best.container;
}

async function found(path: readonly unknown[], value: TreeValue): Promise<FoundTensor> {
  // A tensor that could not be made.
  if (!isTensor(value)) {
    const { error, reason } = value as { readonly error?: unknown; readonly reason?: string };
    throw error ?? new LongspanError("tensor-invalid", reason ?? "");
  }
  const { dataType, shape, byteLength } = value;
  if (byteLength > mostBytes) return [path, dataType, shape, null];
  const { data } = await value.read();
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [path, dataType, shape, createHash("sha1").update(bytes).digest("hex")];
}

/** @throws what is no error of ours */
function refusal(error: unknown): Refusal {
  if (!LongspanError.isInstance(error)) throw error;
  return { code: error.code, message: error.message };
}

class TooMuch extends Error {}

/** As read_mutated.py walks: dicts, lists and tuples; keys that are text or integers. */
function leaves(root: TreeValue): (readonly [path: readonly unknown[], value: TreeValue])[] {
  const out: (readonly [readonly unknown[], TreeValue])[] = [];
  const waiting: (readonly [readonly unknown[], TreeValue])[] = [[[], root]];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, value] = next;
    if (++count > mostValues || path.length > mostDepth) throw new TooMuch();
    if (typeof value !== "object" || value === null || value.kind === "set") continue;
    if (value.kind === "opaque" || value.kind === "tensor") {
      if (isTensorLike(value)) out.push([path, value]);
    } else if (value.kind === "map") {
      for (const [key, item] of value.entries) {
        const name = typeof key === "string" ? key : isInteger(key) ? { integer: key.toString() } : undefined;
        if (name !== undefined) waiting.push([[...path, name], item]);
      }
    } else value.items.forEach((item, index) => waiting.push([[...path, { index }], item]));
  }
  return out;
}

function isInteger(key: TreeValue): key is number | bigint {
  return typeof key === "bigint" || (typeof key === "number" && Number.isInteger(key));
}
