import { LongspanError } from "../errors/longspan-error.ts";
import { bytesPerElement, type DataType, elementCount } from "./data-type.ts";
import type { LazyTensor, TensorReadOptions } from "./lazy-tensor.ts";
import { readChunks, readTensor } from "./read-tensor.ts";
import { storageOfTensor } from "./storage-of-tensor.ts";
import { checkElementRange, checkShape, denseStrides, renameTensor, stridedTensor } from "./strided-tensor.ts";

/** A block of a tensor, with values of its own. */
export interface TensorPiece {
  /** Index of the block's first element, one per dimension. */
  readonly offsets: readonly number[];
  /** Its shape is the block's. */
  readonly tensor: LazyTensor;
}

/** A tensor made of blocks. */
export interface AssembledTensorOptions {
  /** Its own name, for messages too. */
  readonly name: string;
  /** Of its elements, and of every piece's. */
  readonly dataType: DataType;
  /** In elements, of the whole. */
  readonly shape: readonly number[];
  /** Blocks that fill the tensor, each element once, in any order; those without elements are left out. */
  readonly pieces: readonly TensorPiece[];
}

/** A tensor is written by so many processes at most; every two blocks are compared. */
const maxPieces = 4096;

/** Read of a block at a time. */
const windowBytes = 4 * 2 ** 20;

/**
 * A lazy tensor made of blocks that lie in several places: the shards of a tensor that several processes wrote. Reading takes from each
 * block only what the asked range needs, in windows of a few MB. It has a storage of its own, unless it is a single block: then it looks at
 * that block's.
 * @throws LongspanError `tensor-invalid` where blocks overlap, leave the tensor, do not fill it, or have another type; `limit-exceeded` for thousands.
 */
export function assembledTensor(options: AssembledTensorOptions): LazyTensor {
  const { name, dataType, shape } = options;
  const bytes = bytesPerElement(dataType);
  const elements = checkShape(name, shape, bytes);
  const pieces = options.pieces.filter(({ tensor }) => elementCount(tensor.shape) > 0);
  checkPieces({ ...options, pieces }, elements);
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return renameTensor(only.tensor, name);

  const blocks = pieces.map((piece) => blockOf(piece, shape));
  const tensor: LazyTensor = {
    kind: "tensor",
    name,
    dataType,
    shape,
    byteLength: elements * bytes,
    storage: { identity: {}, elementOffset: 0, strides: denseStrides(shape) },
    async readBytes(offset, length, read: TensorReadOptions = {}) {
      checkElementRange(tensor, offset, length);
      const out = read.into?.subarray(0, length) ?? new Uint8Array(length);
      const range = { start: offset / bytes, end: (offset + length) / bytes };
      for (const block of blocks) await copyBlock(block, bytes, range, out, read);
      return out;
    },
    read: (read) => readTensor(tensor, read),
    chunks: (read) => readChunks(tensor, read),
  };
  return tensor;
}

/**
 * One tensor of pieces that follow each other in C order, each of any shape: a tensor that a file cuts because it is too long for one value.
 * @throws LongspanError `tensor-invalid` when the pieces are of several types or none, or do not make up the shape.
 */
export function concatenatedTensor(name: string, shape: readonly number[], pieces: readonly LazyTensor[]): LazyTensor {
  const [first] = pieces;
  if (first === undefined) throw new LongspanError("tensor-invalid", `Tensor "${name}" has no pieces. Copy or write the file again.`);
  let end = 0;
  const placed = pieces.map((piece) => {
    const elements = elementCount(piece.shape);
    end += elements;
    return { tensor: reshapeTensor(piece, [elements]), offsets: [end - elements] };
  });
  return reshapeTensor(assembledTensor({ name, dataType: first.dataType, shape: [end], pieces: placed }), shape);
}

/**
 * The same elements in C order under another shape. Of a tensor that lies dense in its storage it is a view of that storage.
 * @throws LongspanError `tensor-invalid` when the shape has another number of elements.
 */
export function reshapeTensor(tensor: LazyTensor, shape: readonly number[]): LazyTensor {
  const elements = checkShape(tensor.name, shape, bytesPerElement(tensor.dataType));
  if (elements !== elementCount(tensor.shape)) {
    throw new LongspanError(
      "tensor-invalid",
      `Tensor "${tensor.name}" of shape [${tensor.shape.join(", ")}] cannot have the shape [${shape.join(", ")}], which has ${elements} elements.`,
      { details: { tensor: tensor.name, shape } },
    );
  }
  const { bytes: storage, strides, elementOffset } = tensor.storage;
  const dense = denseStrides(tensor.shape).every((stride, axis) => stride === strides[axis] || tensor.shape[axis] === 1);
  if (storage !== undefined && dense) return stridedTensor({ name: tensor.name, dataType: tensor.dataType, shape, elementOffset, storage });
  return stridedTensor({ name: tensor.name, dataType: tensor.dataType, shape, storage: storageOfTensor(tensor) });
}

function checkPieces({ name, dataType, shape, pieces }: AssembledTensorOptions, elements: number): void {
  const wrong = (why: string): LongspanError =>
    new LongspanError(
      "tensor-invalid",
      `Tensor "${name}" of shape [${shape.join(", ")}] ${why}. The checkpoint is damaged or incomplete: copy or write all of its files again.`,
      { details: { tensor: name, shape, pieces: pieces.length } },
    );
  if (pieces.length > maxPieces) {
    throw new LongspanError(
      "limit-exceeded",
      `Tensor "${name}" lies in ${pieces.length} pieces; at most ${maxPieces} are read. Consolidate the checkpoint first.`,
      {
        details: { tensor: name, pieces: pieces.length },
      },
    );
  }
  let covered = 0;
  for (const [index, piece] of pieces.entries()) {
    if (piece.tensor.dataType !== dataType) throw wrong(`is ${dataType}, and a piece of it is ${piece.tensor.dataType}`);
    const inside =
      piece.offsets.length === shape.length &&
      piece.tensor.shape.length === shape.length &&
      piece.offsets.every(
        (offset, axis) => Number.isSafeInteger(offset) && offset >= 0 && offset + (piece.tensor.shape[axis] ?? 0) <= (shape[axis] ?? 0),
      );
    if (!inside) throw wrong(`has ${describePiece(piece)}, which leaves it`);
    for (let other = 0; other < index; other++) {
      const earlier = pieces[other];
      if (earlier !== undefined && overlap(earlier, piece))
        throw wrong(`has ${describePiece(earlier)} and ${describePiece(piece)}, which overlap`);
    }
    covered += elementCount(piece.tensor.shape);
  }
  if (covered < elements) throw wrong(`has pieces for ${covered} of its ${elements} elements; the others are missing`);
}

function describePiece({ offsets, tensor }: TensorPiece): string {
  return `a piece of shape [${tensor.shape.join(", ")}] at [${offsets.join(", ")}]`;
}

function overlap(one: TensorPiece, other: TensorPiece): boolean {
  return one.offsets.every((offset, axis) => {
    const otherOffset = other.offsets[axis] ?? 0;
    return offset < otherOffset + (other.tensor.shape[axis] ?? 0) && otherOffset < offset + (one.tensor.shape[axis] ?? 0);
  });
}

/** A block as runs of elements that lie one after the other in the whole tensor, too. */
interface Block {
  readonly tensor: LazyTensor;
  /** Elements of a run, and how many runs there are. */
  readonly run: number;
  readonly runs: number;
  /** Where in the whole tensor run `index` begins, in elements; grows with the index. */
  start(index: number): number;
}

function blockOf({ offsets, tensor }: TensorPiece, shape: readonly number[]): Block {
  const strides = denseStrides(shape);
  // The axes that the block fills, and the one before them, are one run.
  let axis = shape.length - 1;
  while (axis > 0 && tensor.shape[axis] === shape[axis]) axis--;
  const outer = tensor.shape.slice(0, Math.max(0, axis));
  const run = elementCount(tensor.shape.slice(Math.max(0, axis)));
  const first = offsets.reduce((sum, offset, index) => sum + offset * (strides[index] ?? 0), 0);
  return {
    tensor,
    run,
    runs: elementCount(outer),
    start(index) {
      let rest = index;
      let position = first;
      for (let dimension = outer.length - 1; dimension >= 0; dimension--) {
        const size = outer[dimension] ?? 1;
        position += (rest % size) * (strides[dimension] ?? 0);
        rest = Math.floor(rest / size);
      }
      return position;
    },
  };
}

/** Copies what of the block lies in the range (elements of the whole tensor) to its place in `out`, which holds the range. */
async function copyBlock(
  block: Block,
  bytes: number,
  range: { readonly start: number; readonly end: number },
  out: Uint8Array,
  { signal, scratch }: TensorReadOptions,
): Promise<void> {
  const firstRun = firstIndex(block.runs, (index) => block.start(index) + block.run > range.start);
  const endRun = firstIndex(block.runs, (index) => block.start(index) >= range.end);
  if (firstRun >= endRun) return;
  // Elements of the block, in its own C order, that lie in the range: its runs keep their order, so they are one stretch.
  const firstElement = firstRun * block.run + Math.max(0, range.start - block.start(firstRun));
  const lastRun = endRun - 1;
  const endElement = lastRun * block.run + Math.min(block.run, range.end - block.start(lastRun));
  const step = Math.max(1, Math.floor(windowBytes / bytes));
  for (let from = firstElement; from < endElement; from += step) {
    const to = Math.min(endElement, from + step);
    const found = await block.tensor.readBytes(from * bytes, (to - from) * bytes, { signal, scratch });
    for (let element = from; element < to;) {
      const index = Math.floor(element / block.run);
      const within = element - index * block.run;
      const count = Math.min(block.run - within, to - element);
      const target = block.start(index) + within - range.start;
      out.set(found.subarray((element - from) * bytes, (element - from + count) * bytes), target * bytes);
      element += count;
    }
  }
}

/** The first of `count` indices for which the (monotone) test holds; `count` where it holds for none. */
function firstIndex(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
