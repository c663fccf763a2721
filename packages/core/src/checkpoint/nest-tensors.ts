import { LongspanError } from "../errors/longspan-error.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";

/** Maps within maps, with tensors as their leaves. */
export type NestedTensors = Map<string, NestedTensors | LazyTensor>;

/**
 * Tensors as maps within maps, by the parts of their names: the inverse of `flattenTree`. The first of each part stands first.
 * @throws LongspanError `layout-invalid` where one name is another, or the beginning of another: a layout of a user's may ask for it.
 */
export function nestTensors(tensors: Iterable<LazyTensor>, separator = "."): NestedTensors {
  const root: NestedTensors = new Map();
  for (const tensor of tensors) {
    const parts = tensor.name.split(separator);
    const last = parts.pop() ?? "";
    let map: NestedTensors | LazyTensor | undefined = root;
    for (const part of parts) {
      if (!(map instanceof Map)) break;
      if (!map.has(part)) map.set(part, new Map());
      map = map.get(part);
    }
    if (!(map instanceof Map) || map.has(last)) {
      throw new LongspanError(
        "layout-invalid",
        `"${tensor.name}" and another name of the layout stand in the same place, or one within the other: maps within maps cannot hold both. Change the layout.`,
        { details: { tensor: tensor.name } },
      );
    }
    map.set(last, tensor);
  }
  return root;
}
