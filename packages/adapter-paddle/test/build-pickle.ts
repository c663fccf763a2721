import { type PickleInput, dict, global, reduce, tuple, writePickle } from "@longspan/pickle";
import { joined } from "./joined.ts";

/** The bytes of a pickle without payloads. */
export function pickleBytes(value: PickleInput, protocol: 2 | 4 = 4): Uint8Array {
  const segments = writePickle(value, { protocol });
  return joined(segments.filter((segment) => segment instanceof Uint8Array));
}

export interface ArrayParts {
  readonly module?: string;
  readonly className?: readonly [module: string, name: string];
  readonly version?: PickleInput;
  readonly shape?: PickleInput;
  readonly element?: PickleInput;
  readonly fortran?: PickleInput;
  readonly raw?: PickleInput;
}

/** `numpy.dtype(code)` with its state. */
export function dtype(
  code: PickleInput,
  order: PickleInput = "<",
  more: readonly PickleInput[] = [null, null, null, -1, -1, 0],
): PickleInput {
  return reduce(global("numpy", "dtype"), [code, false, true], { state: tuple(3, order, ...more) });
}

/** A numpy array as numpy pickles it, any part of which may be put wrong. Two float32 by default. */
export function ndarray({
  module = "numpy.core.multiarray",
  className = ["numpy", "ndarray"],
  version = 1,
  shape = tuple(2),
  element = dtype("f4"),
  fortran = false,
  raw = new Uint8Array(8),
}: ArrayParts = {}): PickleInput {
  return reduce(global(module, "_reconstruct"), [global(...className), tuple(0), new Uint8Array([0x62])], {
    state: tuple(version, shape, element, fortran, raw),
  });
}

/** The bytes that `_codecs.encode(text, "latin1")` stands for. */
export function latin1(text: string): PickleInput {
  return reduce(global("_codecs", "encode"), [text, "latin1"]);
}

/** A file `{name: value}`. */
export function file(entries: Readonly<Record<string, PickleInput>>, protocol: 2 | 4 = 4): Uint8Array {
  return pickleBytes(dict(Object.entries(entries)), protocol);
}
