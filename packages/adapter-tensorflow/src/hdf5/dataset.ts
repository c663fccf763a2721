import { type LazyTensor, LongspanError } from "@longspan/core";
import { stridedTensor } from "@longspan/core/adapter";
import { cursor } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { parseDataspace } from "./dataspace.ts";
import { parseDatatype } from "./datatype.ts";
import type { Hdf5File } from "./hdf5-file.ts";
import { messageTypes } from "./object-header.ts";
import type { HeaderMessage } from "./object-header.ts";

/** Where a dataset's values lie, or why they cannot be had. */
type Values = { readonly address: number; readonly byteLength: number } | { readonly none: string };

/** Whether an object's header is a dataset's. */
export function isDataset(messages: readonly HeaderMessage[]): boolean {
  return messages.some(({ type }) => type === messageTypes.layout);
}

/**
 * A dataset as a lazy tensor over the file: its values lie in one piece (contiguous or in the header), in C order.
 * @throws LongspanError `unsupported`: values in chunks, compressed, in other files, of types that are none of ours; `tensor-invalid`;
 * `malformed`.
 */
export function datasetTensor(file: Hdf5File, name: string, messages: readonly HeaderMessage[]): LazyTensor {
  const refuse = (what: string): LongspanError => {
    const wayOut = "Write it again with h5py's defaults: contiguous, uncompressed, of numbers.";
    return new LongspanError("unsupported", `${file.name}: the dataset "${name}" ${what}. ${wayOut}`, {
      details: { file: file.name, tensor: name, reason: `it ${what}. ${wayOut}` },
    });
  };
  const body = (type: number, what: string): Uint8Array => {
    const found = messages.find((message) => message.type === type);
    if (found === undefined) throw refuse(`has no ${what}`);
    if (found.shared) throw refuse(`shares its ${what} with other objects`);
    return found.body;
  };
  const shape = parseDataspace(
    cursor(body(messageTypes.dataspace, "dimensions"), file, file.name, `the dimensions of "${name}"`),
    file.name,
  );
  if (shape === undefined) throw refuse("has no values at all");
  const type = parseDatatype(cursor(body(messageTypes.datatype, "type"), file, file.name, `the type of "${name}"`));
  if (type.kind !== "number") throw refuse(`holds ${type.kind === "other" ? type.what : "text"}`);
  if (messages.some((message) => message.type === messageTypes.externalFiles)) throw refuse("has its values in other files");
  if (messages.some((message) => message.type === messageTypes.filters)) throw refuse("is compressed");
  const values = findValues(file, name, messages);
  if ("none" in values) throw refuse(values.none);
  const { dataType, byteOrder } = type;
  const storage = { source: file.source, offset: file.base + values.address, byteLength: values.byteLength, byteOrder };
  if (storage.offset + storage.byteLength > file.source.size) {
    throw new LongspanError(
      "truncated",
      `${file.name}: the values of "${name}" end at byte ${storage.offset + storage.byteLength}, the file at ${file.source.size}. The file is incomplete: copy or download it again.`,
      { details: { file: file.name, tensor: name } },
    );
  }
  return stridedTensor({ name, dataType, shape, storage });
}

/** The data layout message (format specification, section IV.A.2.i), versions 1 to 4. */
function findValues(file: Hdf5File, name: string, messages: readonly HeaderMessage[]): Values {
  const message = messages.find(({ type }) => type === messageTypes.layout);
  if (message === undefined) return { none: "has no place" };
  const fields = cursor(message.body, file, file.name, `the place of "${name}"`);
  const version = fields.integer(1);
  if (version < 3) return findOldValues(fields, version);
  if (version > 4) return { none: `has a place of version ${version}` };
  const kind = fields.integer(1);
  if (kind === 0) {
    const byteLength = fields.integer(2);
    return { address: message.address + fields.position(), byteLength };
  }
  if (kind === 1) return contiguous(fields.address(), fields.length());
  return { none: kind === 2 ? "is stored in chunks" : "is assembled from other datasets" };
}

/** Versions 1 and 2: u8 dimensions, u8 kind, 5 reserved, [address], u32 dimensions, of which the last is an element's bytes. */
function findOldValues(fields: Cursor, version: number): Values {
  const dimensions = fields.integer(1);
  const kind = fields.integer(1);
  fields.skip(5);
  if (version === 0 || kind !== 1) return { none: kind === 2 ? "is stored in chunks" : "is stored in a form of HDF5 before 1.6" };
  const address = fields.address();
  let byteLength = 1;
  for (let dimension = 0; dimension < dimensions; dimension++) byteLength *= fields.integer(4);
  return contiguous(address, byteLength);
}

function contiguous(address: number | undefined, byteLength: number): Values {
  // Space is given to a dataset when it is first written.
  if (address === undefined) return byteLength === 0 ? { address: 0, byteLength } : { none: "was never written" };
  return { address, byteLength };
}
