import { type SafetensorsDataType, isSafetensorsDataType, safetensorsDataTypes } from "./data-types.ts";
import { JsonCursor } from "./json-cursor.ts";
import type { SafetensorsLimits } from "./limits.ts";
import { MemoryCount, memoryCosts } from "./memory-count.ts";
import type { SafetensorsEntry } from "./safetensors-file.ts";
import { SafetensorsError, quoted } from "./safetensors-error.ts";

export interface DeclaredHeader {
  readonly metadata: ReadonlyMap<string, string> | undefined;
  /** In the header's order; every byte range lies in the file, and nothing more is known of it. */
  readonly tensors: readonly SafetensorsEntry[];
  /** Bytes of memory that were accounted for. */
  readonly memory: number;
}

export const metadataKey = "__metadata__";

/**
 * Reads the JSON of a header: an object of `{ dtype, shape, data_offsets }` by tensor name, and `__metadata__` with strings only
 * (safetensors README, "Format"). Extra fields of an entry are skipped, as the reference library does.
 *
 * @param bytes the header's bytes without the length in front
 * @param headerOffset where they begin in the file; the data follow them
 * @throws SafetensorsError `malformed`, `duplicate-key`, `data-type-unknown`, `tensor-invalid`, `truncated`, `limit-exceeded`
 */
export function parseHeader(bytes: Uint8Array, headerOffset: number, fileSize: number, limits: SafetensorsLimits): DeclaredHeader {
  const cursor = new JsonCursor(bytes, "The safetensors header", "malformed", headerOffset);
  const dataOffset = headerOffset + bytes.length;
  const memory = new MemoryCount(
    limits.memory,
    () =>
      new SafetensorsError("limit-exceeded", `The safetensors header needs more than limits.memory (${limits.memory} bytes).`, {
        offset: headerOffset + cursor.position,
        limit: "memory",
      }),
  );
  const tensors: SafetensorsEntry[] = [];
  const names = new Set<string>();
  let metadata: ReadonlyMap<string, string> | undefined;
  cursor.enterObject("an object of tensors by name");
  for (let name = cursor.nextKey(); name !== undefined; name = cursor.nextKey()) {
    // One look-up instead of two: a name that adds nothing was there before.
    const distinct = names.size;
    memory.text(name);
    if (names.add(name).size === distinct) throw duplicate(cursor, name, name);
    if (name === metadataKey) {
      metadata = cursor.skipNull() ? undefined : parseMetadata(cursor, memory);
      continue;
    }
    if (tensors.length === limits.tensors) {
      throw cursor.error(`is one tensor more than limits.tensors (${limits.tensors})`, name, cursor.keyPosition, "limit-exceeded");
    }
    const tensor = parseTensor(cursor, name, dataOffset, fileSize, limits);
    memory.spend(memoryCosts.tensor + memoryCosts.number * tensor.shape.length);
    tensors.push(tensor);
  }
  cursor.end();
  return { metadata, tensors, memory: memory.spent };
}

function duplicate(cursor: JsonCursor, key: string, tensor: string): SafetensorsError {
  return cursor.error(
    `has the key ${quoted(key)} twice; which of the two is meant cannot be known`,
    tensor,
    cursor.keyPosition,
    "duplicate-key",
  );
}

function parseMetadata(cursor: JsonCursor, memory: MemoryCount): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  cursor.enterObject("an object of strings", metadataKey);
  for (let key = cursor.nextKey(); key !== undefined; key = cursor.nextKey()) {
    if (metadata.has(key)) throw duplicate(cursor, key, metadataKey);
    const text = cursor.string("a string (metadata is text only)", metadataKey);
    memory.text(key);
    memory.text(text);
    metadata.set(key, text);
  }
  return metadata;
}

function parseTensor(cursor: JsonCursor, name: string, dataOffset: number, fileSize: number, limits: SafetensorsLimits): SafetensorsEntry {
  const start = cursor.keyPosition;
  let dataType: SafetensorsDataType | undefined;
  let shape: readonly number[] | undefined;
  let range: readonly number[] | undefined;
  cursor.enterObject("an object with dtype, shape and data_offsets", name);
  for (let key = cursor.nextKey(); key !== undefined; key = cursor.nextKey()) {
    if (key === "dtype") {
      if (dataType !== undefined) throw duplicate(cursor, key, name);
      dataType = parseDataType(cursor, name);
    } else if (key === "shape") {
      if (shape !== undefined) throw duplicate(cursor, key, name);
      shape = parseIntegers(cursor, "an array of dimensions", "a dimension", name, limits.dimensions);
    } else if (key === "data_offsets") {
      if (range !== undefined) throw duplicate(cursor, key, name);
      range = parseIntegers(cursor, "an array of two offsets", "an offset", name, 3);
    } else cursor.skip();
  }
  if (dataType === undefined || shape === undefined || range === undefined) {
    const missing = dataType === undefined ? "dtype" : shape === undefined ? "shape" : "data_offsets";
    throw cursor.error(`lacks ${missing}`, name, start);
  }
  const [begin, end, third] = range;
  if (begin === undefined || end === undefined || third !== undefined)
    throw cursor.error("has data_offsets that are not two numbers", name, start);
  if (end < begin) throw cursor.error(`has data_offsets [${begin}, ${end}] that end before they begin`, name, start, "tensor-invalid");
  if (end > fileSize - dataOffset) {
    throw new SafetensorsError(
      "truncated",
      `The safetensors file is cut short, or its header is wrong: the tensor ${quoted(name)} ends ${end} bytes after the header's end (byte ${dataOffset}), ` +
        `but the file has ${fileSize} bytes. Copy or download it again.`,
      { tensor: name, offset: fileSize },
    );
  }
  return { name, dataType, shape, offset: dataOffset + begin, byteLength: end - begin };
}

function parseDataType(cursor: JsonCursor, name: string): SafetensorsDataType {
  const text = cursor.string("the name of a data type", name);
  if (isSafetensorsDataType(text)) return text;
  const known = safetensorsDataTypes.join(", ");
  throw cursor.error(`has the dtype ${quoted(text)}; known are ${known}`, name, cursor.position, "data-type-unknown");
}

function parseIntegers(cursor: JsonCursor, expected: string, element: string, name: string, maxLength: number): readonly number[] {
  const values: number[] = [];
  cursor.enterArray(expected, name);
  while (cursor.nextElement()) {
    if (values.length === maxLength) {
      throw cursor.error(`has more than ${maxLength} numbers where ${expected} is expected`, name, cursor.position, "limit-exceeded");
    }
    values.push(cursor.unsignedInteger(element, name));
  }
  // An array that grew keeps room for more; a million of them matter.
  return values.slice();
}
