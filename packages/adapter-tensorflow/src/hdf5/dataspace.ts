import type { Cursor } from "./cursor.ts";
import { malformed } from "./malformed.ts";

/** HDF5's own limit. */
const maxDimensions = 32;

/**
 * The dimensions that a dataspace message tells (format specification, section IV.A.2.b): none for a scalar, undefined for "no
 * elements at all".
 * @throws LongspanError `malformed`.
 */
export function parseDataspace(fields: Cursor, file: string): number[] | undefined {
  const version = fields.integer(1);
  if (version !== 1 && version !== 2) throw malformed(file, `a dataspace has version ${version}`);
  const rank = fields.integer(1);
  if (rank > maxDimensions) throw malformed(file, `a dataspace has ${rank} dimensions`);
  fields.skip(1);
  const isNull = version === 2 && fields.integer(1) === 2;
  if (version === 1) fields.skip(5);
  return isNull ? undefined : Array.from({ length: rank }, () => fields.length());
}
