import { type DataType, type LazyTensor, LongspanError } from "@longspan/core";
import { type PickleInput, type PickleSegment, dict, global, payload, reduce, tuple, writePickle } from "@longspan/pickle";

/** numpy's spelling of the element types that paddle.load gives back as they were. bfloat16 stands as uint16: so Paddle writes and reads it. */
const typeCodes: Partial<Record<DataType, string>> = {
  float64: "f8",
  float32: "f4",
  float16: "f2",
  bfloat16: "u2",
  int64: "i8",
  int32: "i4",
  int16: "i2",
  int8: "i1",
  uint8: "u1",
  bool: "b1",
};

/** What a `.pdparams` can hold. Paddle loses float8 (it comes back as int8), and has no wider unsigned integers. */
export const pickleArrayDataTypes: readonly DataType[] = /*#__PURE__*/ Object.keys(typeCodes) as DataType[];

/** Bytes, or the tensor whose elements belong in that place. */
export type ArraySegment = Uint8Array | LazyTensor;

/**
 * The pickle (protocol 4, paddle.save's default) of `{name: numpy.ndarray}`, spelled as numpy 1 spells arrays: `numpy.core.multiarray._reconstruct` with its state
 * `(1, shape, dtype, False, elements)`. numpy 1 and 2 read that; numpy 1 does not know the module name of numpy 2. Elements are in C order, little endian.
 *
 * Without a name table: paddle.load makes tensors of all arrays then, as it does for what conversion scripts save, and leaves their internal names to the model
 * they are put into.
 *
 * @throws LongspanError `data-type-mismatch` for a type Paddle cannot hold
 */
export function pickleArrays(tensors: readonly LazyTensor[]): ArraySegment[] {
  const build = global("numpy.core.multiarray", "_reconstruct");
  // What every array begins as, and what is the same for all of a type, is written once and referred to.
  const emptyArray = [global("numpy", "ndarray"), tuple(0), new TextEncoder().encode("b")];
  const elements = new Map<DataType, PickleInput>();
  const entries = tensors.map((tensor): readonly [string, PickleInput] => {
    const element = elements.get(tensor.dataType) ?? elementNode(tensor);
    elements.set(tensor.dataType, element);
    const state = tuple(1, tuple(...tensor.shape), element, false, payload(tensor.byteLength, tensor));
    return [tensor.name, reduce(build, emptyArray, { state })];
  });
  const byPayload = new Map(tensors.map((tensor) => [tensor as unknown, tensor]));
  return writePickle(dict(entries), { protocol: 4 }).map((segment) => toArraySegment(segment, byPayload));
}

function elementNode({ name, dataType }: LazyTensor): PickleInput {
  const code = typeCodes[dataType];
  if (code === undefined) {
    throw new LongspanError(
      "data-type-mismatch",
      `Tensor "${name}" is ${dataType}, which a .pdparams file cannot hold. Choose float32, float16 or bfloat16.`,
      {
        details: { tensor: name, dataType },
      },
    );
  }
  const order = code.endsWith("1") ? "|" : "<";
  return reduce(global("numpy", "dtype"), [code, false, true], {
    state: tuple(3, order, null, null, null, -1, -1, 0),
  });
}

function toArraySegment(segment: PickleSegment, byPayload: ReadonlyMap<unknown, LazyTensor>): ArraySegment {
  if (segment instanceof Uint8Array) return segment;
  const tensor = byPayload.get(segment.reference);
  if (tensor === undefined) throw new Error("A payload that stands for no tensor");
  return tensor;
}
