import type { DataType, Tensor } from "@longspan/core";
import { tensorFromBytes } from "@longspan/core/adapter";
import { readSafetensorsHeader } from "@longspan/safetensors";
import { readFixture } from "./read-fixture.ts";

/** The data types that the recorded files hold. */
const dataTypes: Readonly<Record<string, DataType>> = { F32: "float32", F64: "float64", I64: "int64" };

/** All tensors of a fixture that is a safetensors file, in memory, by name. */
export async function readSafetensors(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const bytes = await readFixture(path);
  const { tensors } = await readSafetensorsHeader({
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  });
  return new Map(
    tensors.map(({ name, dataType, shape, offset, byteLength }) => {
      const type = dataTypes[dataType];
      if (type === undefined) throw new Error(`${path}: ${name} is ${dataType}`);
      return [name, tensorFromBytes(type, shape, bytes.slice(offset, offset + byteLength))];
    }),
  );
}
