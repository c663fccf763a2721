import { memoryFileSet } from "@longspan/core";
import { bytesSource, type Container, type OpenedContainer } from "@longspan/core/adapter";
import { dict, global, orderedDict, persistentId, reduce, tuple, writePickle } from "@longspan/pickle";
import type { PickleInput } from "@longspan/pickle";
import { buildZip, concatenate, fields } from "./build-zip.ts";
import type { TestEntry } from "./build-zip.ts";

const utf8 = new TextEncoder();

export function pickleBytes(value: PickleInput): Uint8Array {
  return concatenate(...writePickle(value, { protocol: 2 }).filter((segment) => segment instanceof Uint8Array));
}

export function floats(...values: readonly number[]): Uint8Array {
  return new Uint8Array(new Float32Array(values).buffer);
}

export interface TestArchive {
  readonly pickle?: Uint8Array;
  readonly storages?: Readonly<Record<string, Uint8Array>>;
  readonly version?: string | undefined;
  readonly byteOrder?: string | undefined;
  readonly topFolder?: string;
  readonly more?: readonly TestEntry[];
}

/** An archive of torch.save around a pickle. `version: undefined` and `byteOrder: undefined` leave the entry out. */
export function buildTorchZip(value: PickleInput, archive: TestArchive = {}): Uint8Array {
  const { storages = {}, topFolder = "archive", pickle = pickleBytes(value), more = [] } = archive;
  const version = "version" in archive ? archive.version : "3\n";
  const byteOrder = "byteOrder" in archive ? archive.byteOrder : "little";
  const entries: TestEntry[] = [{ name: `${topFolder}/data.pkl`, data: pickle, descriptor: true }];
  if (byteOrder !== undefined) entries.push({ name: `${topFolder}/byteorder`, data: utf8.encode(byteOrder) });
  for (const [key, data] of Object.entries(storages)) entries.push({ name: `${topFolder}/data/${key}`, data, descriptor: data.length > 0 });
  if (version !== undefined) entries.push({ name: `${topFolder}/version`, data: utf8.encode(version) });
  return buildZip([...entries, ...more], { zip64: true });
}

export interface TestTensor {
  readonly storageClass?: PickleInput;
  readonly key?: PickleInput;
  readonly elements?: PickleInput;
  readonly offset?: PickleInput;
  readonly size?: PickleInput;
  readonly strides?: PickleInput;
  /** The reference to the storage, instead of one of the above. */
  readonly id?: PickleInput;
  readonly rebuild?: string;
  readonly more?: readonly PickleInput[];
  /** The sixth item of legacy references. */
  readonly view?: PickleInput;
}

/** A tensor of 6 float32 as torch pickles it, with any part of it replaced. */
export function tensor(parts: TestTensor = {}): PickleInput {
  const {
    storageClass = global("torch", "FloatStorage"),
    key = "0",
    elements = 6,
    offset = 0,
    size = tuple(2, 3),
    strides = tuple(3, 1),
  } = parts;
  const id = parts.id ?? tuple("storage", storageClass, key, "cpu", elements, ...("view" in parts ? [parts.view ?? null] : []));
  const args = [persistentId(id), offset, size, strides, false, orderedDict(), ...(parts.more ?? [])];
  return reduce(global("torch._utils", parts.rebuild ?? "_rebuild_tensor_v2"), args);
}

export interface TestLegacy {
  readonly value: PickleInput;
  readonly keys: PickleInput;
  /** Counts and bytes, in order. */
  readonly storages: readonly (readonly [elements: number | bigint, bytes: Uint8Array])[];
  readonly magic?: PickleInput;
  readonly version?: PickleInput;
}

export function buildLegacy({ value, keys, storages, magic = 0x1950_a86a_20f9_469c_fc6cn, version = 1001 }: TestLegacy): Uint8Array {
  const system = dict([
    ["protocol_version", 1001],
    ["little_endian", false],
    ["type_sizes", dict([["long", 8]])],
  ]);
  const pickles = [magic, version, system, value, keys].map((one) => pickleBytes(one));
  return concatenate(...pickles, ...storages.flatMap(([elements, bytes]) => [fields([8, elements]), bytes]));
}

/** Opens bytes with a container, without asking whether it claims them. */
export function openBytes(container: Container, bytes: Uint8Array): Promise<OpenedContainer> {
  return container.open({ source: bytesSource(bytes, "model.bin"), fileName: "model.bin", files: memoryFileSet("memory", {}) });
}
