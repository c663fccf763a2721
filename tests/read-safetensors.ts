import { readFile } from "node:fs/promises";
import { tensorFromBytes, type DataType, type Tensor } from "@longspan/core";
import { readSafetensorsHeader } from "@longspan/safetensors";

/** The data types that the recorded files hold. */
const dataTypes: Readonly<Record<string, DataType>> = { F32: "float32", F64: "float64", I64: "int64" };

/** All tensors of a safetensors file, in memory, by name. */
export async function readSafetensors(path: URL): Promise<ReadonlyMap<string, Tensor>> {
  const bytes = new Uint8Array(await readFile(path));
  const { tensors } = await readSafetensorsHeader({
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  });
  return new Map(
    tensors.map(({ name, dataType, shape, offset, byteLength }) => {
      const type = dataTypes[dataType];
      if (type === undefined) throw new Error(`${path.pathname}: ${name} is ${dataType}`);
      return [name, tensorFromBytes(type, shape, bytes.slice(offset, offset + byteLength))];
    }),
  );
}
