import { readFile, writeFile } from "node:fs/promises";
import type { DataType, Tensor } from "@longspan/core";
import { tensorFromBytes } from "@longspan/core/adapter";
import { planSafetensors, readSafetensorsHeader, type SafetensorsDataType } from "@longspan/safetensors";

const names: Readonly<Record<string, SafetensorsDataType>> = { float32: "F32", float64: "F64", float16: "F16", int64: "I64", int32: "I32" };
const dataTypes = Object.fromEntries(Object.entries(names).map(([dataType, name]) => [name, dataType])) as Readonly<
  Record<string, DataType>
>;

export type Tensors = Readonly<Record<string, Tensor>>;

/** All tensors of a safetensors file whose names begin so, without that beginning. */
export async function readTensors(path: string, prefix = ""): Promise<Tensors> {
  const bytes = new Uint8Array(await readFile(path));
  const { tensors } = await readSafetensorsHeader({
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  });
  return Object.fromEntries(
    tensors
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ name, dataType, shape, offset, byteLength }) => {
        const type = dataTypes[dataType];
        if (type === undefined) throw new Error(`${path}: ${name} is ${dataType}`);
        return [name.slice(prefix.length), tensorFromBytes(type, shape, bytes.slice(offset, offset + byteLength))];
      }),
  );
}

export async function writeTensors(path: string, tensors: Tensors): Promise<string> {
  const plan = planSafetensors(
    Object.entries(tensors).map(([name, { dataType, shape }]) => ({ name, dataType: names[dataType] ?? "U8", shape })),
  );
  const bytes = new Uint8Array(plan.byteLength);
  bytes.set(plan.header);
  for (const { name, offset } of plan.tensors) {
    const tensor = tensors[name];
    if (tensor === undefined) continue;
    const { data } = tensor;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
  }
  await writeFile(path, bytes);
  return path;
}

/** A tensor as JSON has it. */
export function nestedLists({ shape, data }: Tensor): unknown {
  let level: unknown[] = Array.from(data, Number);
  for (const size of shape.slice(1).toReversed())
    level = Array.from({ length: level.length / size }, (_, index) => level.slice(index * size, (index + 1) * size));
  return level;
}

/** Infinity where shapes differ or a value is not finite. */
export function maxDifference(actual: Tensor | undefined, expected: Tensor): number {
  if (String(actual?.shape) !== String(expected.shape)) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [index, value] of expected.data.entries()) {
    const difference = Math.abs(Number(actual?.data[index]) - Number(value));
    if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}
