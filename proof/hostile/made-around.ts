// Whole files around a part that is hostile: what the part refers to is there, so that the reader comes to what is wrong inside.
import { asString, asTuple, list, PickleDict, readPickle, type PickleValue } from "@longspan/pickle";
import { buildLegacy, buildTorchZip, pickleBytes } from "../../packages/adapter-torch/test/build-torch-file.ts";
import { concatenate, fields } from "../../packages/adapter-torch/test/build-zip.ts";

/** Larger storages and data than this are not made. */
const mostBytes = 2 ** 16;

const widths: readonly (readonly [name: RegExp, bytes: number])[] = [
  [/^(Double|Long|ComplexFloat)Storage$/, 8],
  [/^(Float|Int|QInt32)Storage$/, 4],
  [/^(Half|BFloat16|Short)Storage$/, 2],
  [/^ComplexDoubleStorage$/, 16],
];

interface Referred {
  readonly elements: number;
  readonly bytes: Uint8Array;
}

/** The storages that a pickle refers to, by key, as long as it says. */
async function storagesOf(pickle: Uint8Array): Promise<ReadonlyMap<string, Referred>> {
  const storages = new Map<string, Referred>();
  const waiting: unknown[] = [(await readPickle(pickle).catch(() => undefined))?.value];
  const seen = new Set<unknown>();
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const { kind, id } = Object(value) as { kind?: unknown; id?: PickleValue };
    if (kind === "persistent-id" && id !== undefined) {
      const [, storageClass, key, , elements] = asTuple(id) ?? [];
      const name = asString(key ?? null);
      if (name !== undefined && Number.isInteger(elements) && typeof elements === "number" && elements >= 0 && elements < mostBytes / 16) {
        const { name: className } = Object(storageClass ?? null) as { name?: unknown };
        const width = widths.find(([names]) => names.test(String(className)))?.[1] ?? 1;
        storages.set(name, { elements, bytes: Uint8Array.from({ length: elements * width }, (_, index) => index) });
      }
    }
    if (value instanceof Uint8Array) continue;
    for (const part of Array.isArray(value) || value instanceof PickleDict ? value : Object.values(value)) waiting.push(part);
  }
  return storages;
}

/** torch's zip archive around its data.pkl. */
export async function torchZipAround(pickle: Uint8Array): Promise<Uint8Array> {
  const storages = Object.fromEntries([...(await storagesOf(pickle))].map(([key, { bytes }]) => [key, bytes]));
  return buildTorchZip(null, { pickle, storages });
}

/** torch's legacy stream around the pickle of its value. */
export async function legacyAround(pickle: Uint8Array): Promise<Uint8Array> {
  const referred = [...(await storagesOf(pickle))];
  const whole = buildLegacy({
    value: "the value",
    keys: list(referred.map(([key]) => key)),
    storages: referred.map(([, { elements, bytes }]) => [elements, bytes] as const),
  });
  const value = pickleBytes("the value");
  const at = whole.findIndex((_, index) => value.every((byte, within) => whole[index + within] === byte));
  return concatenate(whole.subarray(0, at), pickle, whole.subarray(at + value.length));
}

/** A safetensors file around its header, with as many bytes of data as the header asks for. */
export function safetensorsAround(header: Uint8Array): Uint8Array {
  const ends = [...new TextDecoder().decode(header).matchAll(/"data_offsets"\s*:\s*\[\s*\d+\s*,\s*(\d+)/g)].map(([, end]) => Number(end));
  return concatenate(fields([8, header.length]), header, new Uint8Array(Math.min(Math.max(0, ...ends), mostBytes)));
}
