import type { ByteSource, LazyTensor } from "@longspan/core";
import {
  bytesSource,
  type OpenedContainer,
  stridedTensor,
  type TreeMap,
  treeMap,
  type TreeOpaque,
  type TreeValue,
} from "@longspan/core/adapter";

/** A dict; keys of other types than text are given as pairs. */
export function dict(values: Readonly<Record<string, TreeValue>>): TreeMap {
  return treeMap(Object.entries(values));
}

export function opaque(className: string, state?: TreeValue): TreeOpaque {
  return state === undefined ? { kind: "opaque", className } : { kind: "opaque", className, state };
}

export function list(...items: TreeValue[]): TreeValue {
  return { kind: "list", items };
}

/** float32, the values counting up from `first`. */
export function tensor(name: string, shape: readonly number[] = [2], first = 0): LazyTensor {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => first + index);
  const source = bytesSource(new Uint8Array(values.buffer), name);
  return stridedTensor({ name, dataType: "float32", shape, storage: { source, offset: 0, byteLength: values.byteLength } });
}

/** A container that was opened and holds this. */
export function opened(root: TreeValue): OpenedContainer {
  return { root, attributes: new Map(), warnings: [], close: () => Promise.resolve() };
}

export interface CountingSource extends ByteSource {
  readonly reads: readonly { readonly offset: number; readonly length: number }[];
}

/** Notes every read. */
export function countingSource(source: ByteSource): CountingSource {
  const reads: { offset: number; length: number }[] = [];
  return {
    name: source.name,
    size: source.size,
    reads,
    read(offset, length, options) {
      reads.push({ offset, length });
      return source.read(offset, length, options);
    },
    close: () => source.close(),
  };
}
