import { bytesPerElement, type DataType, type LazyTensor, LongspanError } from "@longspan/core";
import { stridedTensor } from "@longspan/core/adapter";
import type { PickleValue } from "@longspan/pickle";
import { asInteger, asSequence, describe, isMadeBy } from "@longspan/pickle";
import type { ResolveStorage, StorageView } from "./storage-view.ts";
import { dataTypeOf } from "./storage-class.ts";
import type { TensorCall } from "./tensor-function.ts";

/** More dimensions than any tensor has (numpy ends at 64). */
const maxDimensions = 64;

/**
 * The lazy tensor that a rebuild call means (torch/_utils.py, `_rebuild_tensor`, `_v2`, `_v3`): storage, offset, size, strides, in
 * elements; `_v3` names the element type, the others take the storage's.
 * @throws LongspanError `tensor-invalid`, `unsupported`; the message may lack file and tensor.
 */
export function rebuildTensor(name: string, call: TensorCall, resolveStorage: ResolveStorage): LazyTensor {
  const { functionName, args } = call;
  const isV3 = functionName.endsWith("_v3");
  const id = args[0];
  if (typeof id !== "object" || id === null || id.kind !== "persistent-id") {
    throw new LongspanError("tensor-invalid", `its storage is ${id === undefined ? "missing" : describe(id)}, not a reference to one`);
  }
  const view = resolveStorage(id.id);
  const elementOffset = integerOf(args[1], "offset");
  const shape = integersOf(args[2], "size");
  const strides = integersOf(args[3], "strides");
  checkArguments(functionName, args);
  refuseLazyBits(args[isV3 ? 7 : 6]);
  const dataType = isV3 ? dataTypeOf(args[6]) : undefined;
  return stridedView(name, view, dataType, { shape, strides, elementOffset });
}

/** How many arguments the functions take, at least and at most (torch/_utils.py). */
const argumentCounts: Readonly<Record<string, readonly [least: number, most: number]>> = {
  _rebuild_tensor: [4, 4],
  _rebuild_tensor_v2: [6, 7],
  _rebuild_tensor_v3: [7, 8],
};

/** torch takes them by their places: one too few or too many, and what marks the values as negative or conjugate would stand where nobody looks. */
function checkArguments(functionName: string, args: readonly PickleValue[]): void {
  const [least, most] = argumentCounts[functionName.slice(functionName.lastIndexOf(".") + 1)] ?? [0, args.length];
  if (args.length < least || args.length > most)
    throw new LongspanError(
      "tensor-invalid",
      `${functionName} is called with ${args.length} arguments, and takes ${least === most ? least : `${least} or ${most}`}`,
    );
  const requiresGrad = args[4];
  if (requiresGrad !== undefined && typeof requiresGrad !== "boolean")
    throw new LongspanError(
      "tensor-invalid",
      `whether it requires gradients is ${describe(requiresGrad)}, where True or False is expected`,
    );
}

/** A tensor over (a part of) a storage, once it was checked to lie inside. Without a type it takes the storage's. */
export function stridedView(
  name: string,
  view: StorageView,
  givenType: DataType | undefined,
  {
    shape,
    strides,
    elementOffset,
  }: { readonly shape: readonly number[]; readonly strides: readonly number[]; readonly elementOffset: number },
): LazyTensor {
  const dataType = givenType ?? typeOfStorage(view);
  const bytes = bytesPerElement(dataType);
  const viewStart = (view.elementOffset * view.storageClass.elementBytes) / bytes;
  const viewEnd = ((view.elementOffset + view.elements) * view.storageClass.elementBytes) / bytes;
  if (!Number.isInteger(viewStart)) throw new LongspanError("tensor-invalid", "its part of a storage begins inside an element");
  if (![...shape, ...strides, elementOffset].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new LongspanError("tensor-invalid", "its size, strides or offset are not integers of at least 0");
  }
  checkInside(shape, strides, elementOffset, Math.floor(viewEnd - viewStart));
  return stridedTensor({ name, dataType, shape, strides, elementOffset: viewStart + elementOffset, storage: view.storage });
}

function typeOfStorage({ storageClass }: StorageView): DataType {
  if (storageClass.dataType !== undefined) return storageClass.dataType;
  if (storageClass.unsupported !== undefined) {
    throw new LongspanError("unsupported", `its elements are ${storageClass.unsupported}, which Longspan does not have`);
  }
  throw new LongspanError("tensor-invalid", `its storage ${storageClass.className} has no element type, and the tensor names none`);
}

/** The conjugate and negative bits make torch change values when it reads them (torch/_utils.py, `set_tensor_metadata`). */
function refuseLazyBits(metadata: PickleValue | undefined): void {
  if (metadata === undefined || metadata === null) return;
  if (typeof metadata !== "object" || metadata.kind !== "dict") {
    throw new LongspanError("tensor-invalid", `its metadata is ${describe(metadata)}, where a dict is expected`);
  }
  for (const [key, value] of metadata.entries) {
    if (value === false) continue;
    throw new LongspanError(
      "unsupported",
      `it is marked ${describe(key)}: its values are to be changed when read. Save it after resolve_conj().resolve_neg()`,
    );
  }
}

/** The view must lie inside its part of the storage, as torch demands of `set_`. */
function checkInside(shape: readonly number[], strides: readonly number[], elementOffset: number, elements: number): void {
  if (shape.length !== strides.length)
    throw new LongspanError("tensor-invalid", `it has ${shape.length} sizes and ${strides.length} strides`);
  if (shape.includes(0)) return;
  let end = elementOffset + 1;
  for (const [axis, size] of shape.entries()) end += (size - 1) * (strides[axis] ?? 0);
  if (end <= elements) return;
  throw new LongspanError(
    "tensor-invalid",
    `size [${shape.join(", ")}], strides [${strides.join(", ")}] and offset ${elementOffset} reach element ${end} of a storage of ${elements}`,
  );
}

function integersOf(value: PickleValue | undefined, what: string): number[] {
  const items = sizeItems(value);
  if (items === undefined)
    throw new LongspanError(
      "tensor-invalid",
      `its ${what} is ${value === undefined ? "missing" : describe(value)}, where a tuple of numbers is expected`,
    );
  if (items.length > maxDimensions)
    throw new LongspanError("limit-exceeded", `it has ${items.length} dimensions; at most ${maxDimensions} are read`);
  return items.map((item) => integerOf(item, what));
}

/** A tuple or list, or `torch.Size((…))` around one. */
function sizeItems(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return asSequence(isMadeBy(value, "torch", "Size") ? value.args[0] : value);
}

function integerOf(value: PickleValue | undefined, what: string): number {
  const number = asInteger(value);
  if (number !== undefined && number >= 0) return number;
  throw new LongspanError(
    "tensor-invalid",
    `its ${what} has ${value === undefined ? "nothing" : describe(value)}, where an integer of at least 0 is expected`,
  );
}
