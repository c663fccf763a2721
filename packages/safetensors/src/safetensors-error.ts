/**
 * Every code of a `SafetensorsError`:
 *
 * - `truncated`: the file ends before what its header promises.
 * - `malformed`: the header is not the UTF-8 JSON it has to be.
 * - `duplicate-key`: one name stands twice in an object whose keys must differ.
 * - `limit-exceeded`: larger than a limit (see `SafetensorsLimits`).
 * - `data-type-unknown`: a `dtype` this version of the format does not have.
 * - `tensor-invalid`: a shape, a data type and a byte range that do not fit together, a gap or an overlap.
 * - `trailing-data`: bytes after the last tensor.
 * - `index-malformed`: a shard index that is not what it has to be.
 * - `file-name-unsafe`: a shard index names a file that could lie anywhere.
 * - `shard-mismatch`: the index and the shards disagree.
 * - `argument-invalid`: what a writer was handed cannot be written.
 */
export type SafetensorsErrorCode =
  | "truncated"
  | "malformed"
  | "duplicate-key"
  | "limit-exceeded"
  | "data-type-unknown"
  | "tensor-invalid"
  | "trailing-data"
  | "index-malformed"
  | "file-name-unsafe"
  | "shard-mismatch"
  | "argument-invalid";

/** Where the fault is. */
export interface SafetensorsErrorFields {
  /** Name of the tensor (or metadata key) concerned. */
  readonly tensor?: string | undefined;
  /** Byte offset in the file (or in the index text's UTF-8) at which the fault was seen. */
  readonly offset?: number | undefined;
  /** Name of the shard file concerned. */
  readonly fileName?: string | undefined;
  /** Name of the limit that is exceeded. */
  readonly limit?: string | undefined;
}

/** The one error class of this package. `code` is stable across versions; the message is for people. */
export class SafetensorsError extends Error {
  /** By which copies of the package know each other's. */
  override readonly name: string = "SafetensorsError";
  /** What happened: stable between versions. */
  readonly code: SafetensorsErrorCode;
  /** The tensor it is about, where it is about one. */
  readonly tensor?: string;
  /** The byte in the file, where one is known. */
  readonly offset?: number;
  /** The file, where several are read. */
  readonly fileName?: string;
  /** Name of the limit that is exceeded, of a `limit-exceeded`. */
  readonly limit?: string;

  constructor(code: SafetensorsErrorCode, message: string, fields: SafetensorsErrorFields = {}) {
    super(visible(message));
    this.code = code;
    if (fields.tensor !== undefined) this.tensor = fields.tensor;
    if (fields.offset !== undefined) this.offset = fields.offset;
    if (fields.fileName !== undefined) this.fileName = fields.fileName;
    if (fields.limit !== undefined) this.limit = fields.limit;
  }
}

/** A name from an untrusted file as it may stand in a message: quoted, control characters escaped, cut after 80 characters. */
export function quoted(name: string): string {
  const visible = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return JSON.stringify(visible);
}

/** Messages quote files: what a terminal obeys, or nobody sees, is spelled out, whoever prints them. */
function visible(message: string): string {
  return message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
