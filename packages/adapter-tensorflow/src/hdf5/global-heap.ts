import { cursor } from "./cursor.ts";
import type { Hdf5File } from "./hdf5-file.ts";
import { malformed } from "./malformed.ts";

/** Collections have 4,096 bytes, or as many as their one large object needs: a name list of a large model, at most. */
const maxCollectionBytes = 16 * 2 ** 20;

/**
 * Text of variable length (format specification, section III.E): the reference is u32 bytes, the address of a heap collection, and
 * u32 index of the object in it. Objects: u16 index, u16 references, u32 reserved, length, bytes padded to 8.
 * @throws LongspanError `malformed`, `truncated`.
 */
export async function readHeapText(file: Hdf5File, reference: Uint8Array): Promise<string> {
  const fields = cursor(reference, file, file.name, "a reference to text");
  const length = fields.integer(4);
  const address = fields.address();
  const wanted = fields.integer(4);
  if (length === 0 || address === undefined || address === 0) return "";
  const head = cursor(await file.read(address, 8 + file.lengthBytes), file, file.name, "a heap of text");
  if (new TextDecoder("latin1").decode(head.bytes(4)) !== "GCOL")
    throw malformed(file.name, `there is no heap of text at address ${address}`);
  head.skip(4);
  const size = head.length();
  if (size > maxCollectionBytes) throw malformed(file.name, `the heap of text at address ${address} claims ${size} bytes`);
  const objects = cursor(await file.read(address, size), file, file.name, "a heap of text");
  objects.skip(8 + file.lengthBytes);
  while (objects.rest() >= 8 + file.lengthBytes) {
    const index = objects.integer(2);
    objects.skip(6);
    const bytes = objects.length();
    // Index 0 is the free space at the end.
    if (index === 0) break;
    const value = objects.bytes(bytes);
    if (index === wanted) return new TextDecoder().decode(value.subarray(0, length));
    objects.align();
  }
  throw malformed(file.name, `text ${wanted} is not in the heap at address ${address}`);
}
