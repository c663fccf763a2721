import { type SafetensorsDataType, dataTypeRank, isSafetensorsDataType, tensorByteLength } from "./data-types.ts";
import { defaultSafetensorsLimits } from "./limits.ts";
import { compareCodePoints } from "./name-order.ts";
import { metadataKey } from "./parse-header.ts";
import { type SafetensorsEntry, lengthBytes } from "./safetensors-file.ts";
import { SafetensorsError, quoted } from "./safetensors-error.ts";

/** A tensor to be written. */
export interface SafetensorsDeclaration {
  /** Of the tensor; any text but `__metadata__`. */
  readonly name: string;
  /** As the format spells it: `F32`, `BF16`. */
  readonly dataType: SafetensorsDataType;
  /** In elements; `[]` is a scalar. */
  readonly shape: readonly number[];
}

/** What a file says beside its tensors. */
export interface PlanSafetensorsOptions {
  /**
   * Strings by key, written in the given order. The reference library keeps them in a hash map with a random seed: with two keys and more, its own
   * order differs from run to run, so that there is none to match.
   */
  readonly metadata?: Readonly<Record<string, string>> | ReadonlyMap<string, string> | undefined;
}

/** A file to be written: its header, and where the tensors' bytes go. */
export interface SafetensorsPlan {
  /** The first bytes of the file: the length and the JSON, padded with spaces to a multiple of 8 bytes. */
  readonly header: Uint8Array;
  /** In the order in which their bytes follow the header, without gaps. */
  readonly tensors: readonly SafetensorsEntry[];
  /** Of the whole file. */
  readonly byteLength: number;
}

/**
 * Lays out a safetensors file: the header to write first, and then which tensor's bytes go where. Byte for byte what the reference library's `serialize` writes:
 * tensors by descending alignment of their data type, then by name; `__metadata__` first.
 *
 * @param tensors in any order
 * @throws SafetensorsError `argument-invalid`: a name twice, `__metadata__` as a name, a lone surrogate, a shape that is not of integers, elements of 4 or
 *   6 bits that do not fill whole bytes, or a file of 2^53 bytes and more; `limit-exceeded`: a header longer than the 100,000,000 bytes readers accept
 */
export function planSafetensors(tensors: readonly SafetensorsDeclaration[], options: PlanSafetensorsOptions = {}): SafetensorsPlan {
  const ordered = tensors.toSorted(
    (left, right) => dataTypeRank(right.dataType) - dataTypeRank(left.dataType) || compareCodePoints(left.name, right.name),
  );
  const members: string[] = [];
  if (options.metadata !== undefined) members.push(`${JSON.stringify(metadataKey)}:${metadataJson(options.metadata)}`);
  const names = new Set<string>([metadataKey]);
  const layout: { tensor: SafetensorsDeclaration; begin: number; byteLength: number }[] = [];
  let position = 0;
  for (const tensor of ordered) {
    const { name, dataType, shape } = tensor;
    // One look-up instead of two: a name that adds nothing was there before.
    const distinct = names.size;
    if (names.add(name).size === distinct) {
      const problem = name === metadataKey ? "this name is taken by the file's metadata" : "the name stands twice";
      throw refusal(name, problem);
    }
    if (!name.isWellFormed()) throw refusal(name, "the name has a lone surrogate, which UTF-8 cannot express");
    const byteLength = declaredByteLength(tensor);
    layout.push({ tensor, begin: position, byteLength });
    const end = position + byteLength;
    if (end > Number.MAX_SAFE_INTEGER) throw refusal(name, "the file would have 2^53 bytes or more");
    // The spelling of serde_json: no spaces; of strings, it escapes what JSON.stringify escapes, in the same way.
    members.push(`${JSON.stringify(name)}:{"dtype":"${dataType}","shape":[${shape.join(",")}],"data_offsets":[${position},${end}]}`);
    position = end;
  }
  const header = encodeHeader(`{${members.join(",")}}`);
  return {
    header,
    tensors: layout.map(({ tensor: { name, dataType, shape }, begin, byteLength }) => ({
      name,
      dataType,
      shape,
      offset: header.length + begin,
      byteLength,
    })),
    byteLength: header.length + position,
  };
}

function encodeHeader(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const paddedLength = Math.ceil(text.length / lengthBytes) * lengthBytes;
  if (paddedLength > defaultSafetensorsLimits.headerBytes) {
    throw new SafetensorsError(
      "limit-exceeded",
      `The safetensors header would have ${paddedLength} bytes, more than the ${defaultSafetensorsLimits.headerBytes} that readers accept: write several files.`,
    );
  }
  const header = new Uint8Array(lengthBytes + paddedLength).fill(0x20, lengthBytes + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(paddedLength), true);
  header.set(text, lengthBytes);
  return header;
}

function declaredByteLength({ name, dataType, shape }: SafetensorsDeclaration): number {
  if (!isSafetensorsDataType(dataType)) throw refusal(name, `the format has no data type ${quoted(String(dataType))}`);
  const odd = shape.find((dimension) => !Number.isSafeInteger(dimension) || dimension < 0);
  if (odd !== undefined) throw refusal(name, `its shape [${shape.join(", ")}] has ${odd}, and dimensions are integers from 0`);
  const byteLength = tensorByteLength(dataType, shape);
  if (byteLength === "overflow") throw refusal(name, `its shape [${shape.join(", ")}] of ${dataType} is larger than any file`);
  if (byteLength === "partial-byte") throw refusal(name, `its shape [${shape.join(", ")}] of ${dataType} does not fill whole bytes`);
  return byteLength;
}

function metadataJson(metadata: Readonly<Record<string, string>> | ReadonlyMap<string, string>): string {
  const entries: readonly (readonly [string, unknown])[] = metadata instanceof Map ? [...metadata] : Object.entries(metadata);
  const members = entries.map(([key, value]) => {
    if (typeof value !== "string") throw refusal(key, "metadata values are strings");
    if (!key.isWellFormed() || !value.isWellFormed()) throw refusal(key, "the metadata has a lone surrogate, which UTF-8 cannot express");
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  });
  return `{${members.join(",")}}`;
}

function refusal(name: string, problem: string): SafetensorsError {
  return new SafetensorsError("argument-invalid", `${quoted(name)} cannot be written to a safetensors file: ${problem}.`, { tensor: name });
}
