import { describeForeignFile } from "./foreign-file.ts";
import { type SafetensorsLimits, defaultSafetensorsLimits } from "./limits.ts";
import { parseHeader } from "./parse-header.ts";
import { SafetensorsError } from "./safetensors-error.ts";
import { type SafetensorsHeader, type SafetensorsSource, lengthBytes } from "./safetensors-file.ts";
import { validateLayout } from "./validate-layout.ts";

/** What reading a header may take. */
export interface ReadSafetensorsOptions {
  /** What a header may take; those left out are `defaultSafetensorsLimits`. */
  readonly limits?: Partial<SafetensorsLimits> | undefined;
}

/**
 * Reads and checks the header of a safetensors file: two reads, no tensor's bytes. Whatever it returns is consistent: names differ, every range lies in
 * the file and has the bytes of its shape and data type, and the ranges fill the file.
 *
 * Refuses all that the reference library (safetensors 0.8) refuses, and besides: equal keys, integers from 2^53, entries that are not objects or whose dtype is
 * not a string, and what exceeds `limits`.
 *
 * @throws SafetensorsError `truncated`, `malformed`, `duplicate-key`, `limit-exceeded`, `data-type-unknown`, `tensor-invalid`, `trailing-data`;
 *   and what `source.read` throws, untouched
 */
export async function readSafetensorsHeader(source: SafetensorsSource, options: ReadSafetensorsOptions = {}): Promise<SafetensorsHeader> {
  const limits = { ...defaultSafetensorsLimits, ...options.limits };
  const { size } = source;
  if (size < lengthBytes) {
    throw new SafetensorsError("truncated", `A safetensors file begins with an ${lengthBytes}-byte length; this file has ${size} bytes.`, {
      offset: size,
    });
  }
  const start = await read(source, 0, Math.min(size, lengthBytes + 8));
  const headerBytes = declaredHeaderBytes(start);
  if (headerBytes > limits.headerBytes) {
    throw new SafetensorsError(
      "limit-exceeded",
      describeForeignFile(start) ??
        `The safetensors header claims ${headerBytes} bytes, more than the ${limits.headerBytes} allowed. This is probably not a safetensors file.`,
      { offset: 0 },
    );
  }
  const dataOffset = lengthBytes + Number(headerBytes);
  if (dataOffset > size) {
    throw new SafetensorsError(
      "truncated",
      `The safetensors header claims ${headerBytes} bytes after the first ${lengthBytes}, but the file has only ${size}. Copy or download it again.`,
      { offset: size },
    );
  }
  const header = await read(source, lengthBytes, Number(headerBytes));
  const { metadata, tensors, memory } = parseHeader(header, lengthBytes, size, limits);
  return { metadata, tensors: validateLayout(tensors, dataOffset, size), dataOffset, memory };
}

/**
 * Whether a file's first bytes could be a safetensors file's: a header length that fits the file and a `{` where the header begins, followed by a
 * key or a `}`. Cheap, and never true of a zip, pickle, tar or text file.
 *
 * @param head the first bytes of the file: 16 are enough for every file the reference library writes
 */
export function looksLikeSafetensors(head: Uint8Array, fileSize: number): boolean {
  if (head.length <= lengthBytes) return false;
  const headerBytes = declaredHeaderBytes(head);
  if (headerBytes > defaultSafetensorsLimits.headerBytes || headerBytes + BigInt(lengthBytes) > fileSize) return false;
  const headerEnd = lengthBytes + Number(headerBytes);
  const end = Math.min(head.length, headerEnd);
  // The format asks for `{` at once; the reference library also takes white space before it.
  const brace = skipWhiteSpace(head, lengthBytes, end);
  if (brace === end || head[brace] !== 0x7b) return false;
  const next = skipWhiteSpace(head, brace + 1, end);
  return next === end ? end < headerEnd : head[next] === 0x22 || head[next] === 0x7d;
}

function skipWhiteSpace(bytes: Uint8Array, from: number, end: number): number {
  let index = from;
  while (index < end && (bytes[index] === 0x20 || bytes[index] === 0x0a || bytes[index] === 0x0d || bytes[index] === 0x09)) index++;
  return index;
}

function declaredHeaderBytes(start: Uint8Array): bigint {
  return new DataView(start.buffer, start.byteOffset, start.byteLength).getBigUint64(0, true);
}

async function read(source: SafetensorsSource, offset: number, length: number): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) {
    throw new SafetensorsError("truncated", `The source gave ${bytes.length} bytes where ${length} were asked for at byte ${offset}.`, {
      offset,
    });
  }
  return bytes;
}
