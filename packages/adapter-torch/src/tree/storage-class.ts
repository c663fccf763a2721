import { bytesPerElement, type DataType, LongspanError } from "@longspan/core";
import { isDataType } from "@longspan/core/adapter";
import type { PickleValue } from "@longspan/pickle";
import { describe } from "@longspan/pickle";

/** What a storage's elements are: `undefined` bytes for none torch knows, `dataType` undefined where the elements have none of ours. */
export interface StorageClass {
  /** As messages name it: `torch.FloatStorage`. */
  readonly className: string;
  /** Undefined for an untyped storage (its unit is bytes), and for elements Longspan does not have. */
  readonly dataType: DataType | undefined;
  /** The elements' name, where they are none of Longspan's. */
  readonly unsupported: string | undefined;
  /** Bytes of one unit of `numel` and of offsets. */
  readonly elementBytes: number;
}

/** torch/storage.py, `_dtype_to_storage_type_map`. */
const typedStorages: Readonly<Record<string, DataType>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** Storages of elements Longspan has no type for, and the bytes of one. */
const unsupportedStorages: Readonly<Record<string, readonly [elements: string, bytes: number]>> = {
  ComplexFloatStorage: ["complex64", 8],
  ComplexDoubleStorage: ["complex128", 16],
  QInt8Storage: ["quantised 8-bit", 1],
  QUInt8Storage: ["quantised 8-bit", 1],
  QInt32Storage: ["quantised 32-bit", 4],
  QUInt4x2Storage: ["quantised 4-bit", 1],
  QUInt2x4Storage: ["quantised 2-bit", 1],
};

const untypedStorages: ReadonlySet<string> = new Set(["UntypedStorage", "_UntypedStorage"]);

/** torch's names for element types where they differ from ours (torch/__init__.py: `torch.half` is `torch.float16`). */
const dataTypeNames: Readonly<Record<string, DataType>> = {
  double: "float64",
  float: "float32",
  half: "float16",
  long: "int64",
  int: "int32",
  short: "int16",
};

/**
 * The storage class a persistent id names, such as `torch.FloatStorage` or `torch.cuda.HalfStorage`.
 * @throws LongspanError `tensor-invalid` when it is none.
 */
export function storageClass(value: PickleValue | undefined): StorageClass {
  const name = torchName(value);
  const short = name?.slice(name.lastIndexOf(".") + 1);
  if (name !== undefined && short !== undefined) {
    const dataType = Object.hasOwn(typedStorages, short) ? typedStorages[short] : undefined;
    if (dataType !== undefined) return { className: name, dataType, unsupported: undefined, elementBytes: bytesPerElement(dataType) };
    const unsupported = Object.hasOwn(unsupportedStorages, short) ? unsupportedStorages[short] : undefined;
    if (unsupported !== undefined)
      return { className: name, dataType: undefined, unsupported: unsupported[0], elementBytes: unsupported[1] };
    if (untypedStorages.has(short)) return { className: name, dataType: undefined, unsupported: undefined, elementBytes: 1 };
  }
  const found = value === undefined ? "nothing" : describe(value);
  throw new LongspanError("tensor-invalid", `a storage's class is ${found}, where a class such as torch.FloatStorage is expected`);
}

/**
 * The element type a pickle names: `torch.float8_e4m3fn`.
 * @throws LongspanError `unsupported` when Longspan has no such type, `tensor-invalid` when it is none.
 */
export function dataTypeOf(value: PickleValue | undefined): DataType {
  const name = torchName(value);
  const short = name?.slice("torch.".length);
  if (short === undefined) {
    throw new LongspanError(
      "tensor-invalid",
      `an element type is ${value === undefined ? "nothing" : describe(value)}, where one such as torch.float32 is expected`,
    );
  }
  if (isDataType(short)) return short;
  const dataType = Object.hasOwn(dataTypeNames, short) ? dataTypeNames[short] : undefined;
  if (dataType !== undefined) return dataType;
  throw new LongspanError("unsupported", `its elements are ${describe(value ?? null)}, which Longspan does not have`);
}

/** The dotted name of something in torch or below. */
function torchName(value: PickleValue | undefined): string | undefined {
  if (typeof value !== "object" || value === null || value.kind !== "global") return undefined;
  return value.module === "torch" || value.module.startsWith("torch.") ? `${value.module}.${value.name}` : undefined;
}
