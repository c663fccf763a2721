import { type TensorDescription, parseTensorDescription } from "./tensor-description.ts";

/** A description is a few bytes per dimension; `save_combine` never writes a longer one. */
const maxDescriptionBytes = 4096;
/** Levels of sequence offsets ("LoD"). Parameters have none, sequences up to three. */
const maxLevels = 8;
/** Bytes of sequence offsets of one tensor. */
const maxLevelBytes = 65_536;

/** The most bytes a header within these limits can have. */
export const maxHeaderBytes: number = 4 + 8 + maxLevels * (8 + maxLevelBytes) + 4 + 4 + maxDescriptionBytes;

export interface TensorHeader extends TensorDescription {
  /** Bytes of the header: the elements follow. */
  readonly headerBytes: number;
}

/**
 * Parses what stands before each tensor's elements (paddle/phi/core/framework/dense_tensor_serialize.cc, dense_tensor_tostream.cc), all little endian:
 * u32 version 0 · u64 levels · per level u64 bytes and the offsets · u32 version 0 · i32 bytes of the description · the description (`TensorDesc`).
 *
 * @returns "more" when the bytes end before the header does; a sentence when they are no header
 */
export function parseTensorHeader(bytes: Uint8Array): TensorHeader | "more" | { readonly wrong: string } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12) return "more";
  const version = view.getUint32(0, true);
  if (version !== 0) return { wrong: `has the version ${version} where 0 is expected` };
  const levels = view.getBigUint64(4, true);
  if (levels > BigInt(maxLevels)) return { wrong: `claims ${levels} levels of sequence offsets; at most ${maxLevels} are read` };
  let position = 12;
  for (let level = 0n; level < levels; level++) {
    if (bytes.length < position + 8) return "more";
    const levelBytes = view.getBigUint64(position, true);
    if (levelBytes > BigInt(maxLevelBytes))
      return {
        wrong: `claims ${levelBytes} bytes of sequence offsets; at most ${maxLevelBytes} are read`,
      };
    position += 8 + Number(levelBytes);
  }
  if (bytes.length < position + 8) return "more";
  const tensorVersion = view.getUint32(position, true);
  if (tensorVersion !== 0) return { wrong: `has the tensor version ${tensorVersion} where 0 is expected` };
  const descriptionBytes = view.getInt32(position + 4, true);
  if (descriptionBytes <= 0 || descriptionBytes > maxDescriptionBytes) {
    return {
      wrong: `claims a description of ${descriptionBytes} bytes; 1 to ${maxDescriptionBytes} are expected`,
    };
  }
  position += 8;
  if (bytes.length < position + descriptionBytes) return "more";
  const description = parseTensorDescription(bytes.subarray(position, position + descriptionBytes));
  if (typeof description === "string") return { wrong: `has a description that ${description}` };
  return { ...description, headerBytes: position + descriptionBytes };
}
