import { bytesPerElement, elementCount, isDataType, LongspanError, stridedTensor, treeMap } from "@longspan/core";
import type { Container, ContainerInput, DataType, LazyTensor, OpenedContainer } from "@longspan/core";

/** "SHELF1", the header's length as u32 little endian, the header, then every tensor's bytes in the header's order. */
export const magic: Uint8Array = new TextEncoder().encode("SHELF1");

export interface ShelfEntry {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
}

/** Some hundred names and shapes are 50 kB. A header is never trusted with memory. */
const maxHeaderBytes = 16 * 2 ** 20;

export function shelfContainer(): Container {
  return {
    name: "shelf",
    entryNames: ["model.shelf"],
    detect: ({ head }) => (magic.every((byte, index) => head[index] === byte) ? { specificity: 90, evidence: "SHELF1" } : undefined),
    open,
  };
}

/** Reads the header alone: tensors are views of the file that read when they are asked to. */
async function open({ source, signal }: ContainerInput): Promise<OpenedContainer> {
  const lengthAt = magic.byteLength;
  const prefix = await source.read(0, lengthAt + 4, { signal });
  const headerBytes = new DataView(prefix.buffer, prefix.byteOffset).getUint32(lengthAt, true);
  if (headerBytes > maxHeaderBytes) {
    throw new LongspanError("limit-exceeded", `${source.name}: a header of ${headerBytes} bytes; at most ${maxHeaderBytes} are read.`);
  }
  const header = parse(await source.read(lengthAt + 4, headerBytes, { signal }), source.name);
  const tensors: [string, LazyTensor][] = [];
  let offset = lengthAt + 4 + headerBytes;
  for (const { name, dataType, shape } of header) {
    const byteLength = elementCount(shape) * bytesPerElement(dataType);
    if (!(offset + byteLength <= source.size)) {
      throw new LongspanError("truncated", `${source.name}: "${name}" ends after the file does. Copy the file again.`);
    }
    tensors.push([name, stridedTensor({ name, dataType, shape, storage: { source, offset, byteLength } })]);
    offset += byteLength;
  }
  return { root: treeMap(tensors), attributes: new Map([["format", "shelf"]]), warnings: [], close: async () => {} };
}

function parse(bytes: Uint8Array, file: string): readonly ShelfEntry[] {
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (Array.isArray(header) && header.every(isEntry)) return header;
  } catch {
    // Told below, like every other header that is none.
  }
  throw new LongspanError("malformed", `${file}: the header is no list of { name, dataType, shape }. Write the file again.`);
}

function isEntry(value: unknown): value is ShelfEntry {
  if (typeof value !== "object" || value === null || !("name" in value && "dataType" in value && "shape" in value)) return false;
  const { name, dataType, shape } = value;
  const isShape = Array.isArray(shape) && shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  return typeof name === "string" && typeof dataType === "string" && isDataType(dataType) && isShape;
}
