import type { FormatAdapter } from "../src/adapter/format-adapter.ts";
import type { Layout } from "../src/adapter/layout.ts";
import type { LazyTensor } from "../src/tensor/lazy-tensor.ts";
import { LongspanError } from "../src/errors/longspan-error.ts";
import { treeMap } from "../src/checkpoint/tree-map.ts";
import { isTensor, isTreeMap, type TreeValue } from "../src/checkpoint/tree.ts";
import { dataTypes, isDataType, type DataType } from "../src/tensor/data-type.ts";
import { stridedTensor } from "../src/tensor/strided-tensor.ts";

/** One tensor of a raw file. */
export interface RawTensor {
  readonly name: string;
  readonly dataType?: DataType;
  readonly shape: readonly number[];
  /** Bytes into the data. */
  readonly offset: number;
}

/** A test's file format: a line of JSON that lists tensors, then their bytes. */
export function rawFile(tensors: readonly RawTensor[], data: Uint8Array, more: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const header = new TextEncoder().encode(`RAW ${JSON.stringify({ ...more, tensors })}\n`);
  const file = new Uint8Array(header.byteLength + data.byteLength);
  file.set(header);
  file.set(data, header.byteLength);
  return file;
}

/** Float32 tensors with values that tell their place, one after the other. */
export function rawModel(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
  more: Readonly<Record<string, unknown>> = {},
): Uint8Array {
  const counts = parameters.map(({ shape }) => shape.reduce((product, dimension) => product * dimension, 1));
  const values = Float32Array.from({ length: counts.reduce((sum, count) => sum + count, 0) }, (_, index) => index + 0.5);
  let offset = 0;
  const tensors = parameters.map(({ name, shape }, index) => {
    const tensor = { name, shape, offset };
    offset += (counts[index] ?? 0) * 4;
    return tensor;
  });
  return rawFile(tensors, new Uint8Array(values.buffer), more);
}

export function rawAdapter(layouts: readonly Layout[]): FormatAdapter {
  const [layout] = layouts;
  if (layout === undefined) throw new Error("a test adapter needs a layout");
  return {
    specificationVersion: 1,
    name: "raw",
    layouts,
    containers: [
      {
        name: "raw",
        entryNames: ["model.raw"],
        detect: ({ head }) => (new TextDecoder().decode(head.subarray(0, 4)) === "RAW " ? { specificity: 90, evidence: "RAW" } : undefined),
        async open({ source }) {
          const bytes = await source.read(0, source.size);
          const end = bytes.indexOf(10) + 1;
          const header = parsed<{ tensors: RawTensor[]; config?: Record<string, unknown> }>(
            source.name,
            new TextDecoder().decode(bytes.subarray(4, end)),
          );
          if (!Array.isArray(header.tensors) || !header.tensors.every(isRawTensor)) throw malformed(source.name, "lists no tensors");
          const storages = new Map<number, { source: typeof source; offset: number; byteLength: number }>();
          const entries = header.tensors.map(({ name, dataType = "float32", shape, offset }) => {
            const storage = storages.get(offset) ?? { source, offset: end + offset, byteLength: source.size - end - offset };
            storages.set(offset, storage);
            return [name, stridedTensor({ name, dataType, shape, storage })] as const;
          });
          return {
            root: treeMap([...entries, ["config", JSON.stringify(header.config ?? null)]]),
            attributes: new Map(),
            warnings: [],
            close: async () => {},
          };
        },
      },
    ],
    envelopes: [
      {
        name: "raw",
        detect: ({ root }) => (isTreeMap(root) ? { specificity: 50, evidence: "a map" } : undefined),
        open({ root }) {
          const entries = isTreeMap(root) ? root.entries : [];
          const tensors = entries.flatMap(([name, value]) =>
            typeof name === "string" && isTensor(value) ? [{ name, sourceName: name, tensor: value }] : [],
          );
          const config: Record<string, unknown> | null = configOf(root);
          return { tensors, dropped: [], metadata: new Map(), warnings: [], ...(config === null ? {} : { config }) };
        },
      },
    ],
    targets: layouts.map((own) => ({
      name: own.name,
      description: `raw bytes in the layout ${own.name}`,
      layout: own,
      container: "raw",
      fileName: "model.raw",
      fileExtensions: [".raw"],
      supersedes: [/^model\.raw$/],
      dataTypes: Object.keys(dataTypes) as DataType[],
      keepsUnused: own.name === "turned",
      async write({ tensors, config, sink, copy, directory, fileName }) {
        let offset = 0;
        const listed = tensors.map(({ tensor }: { tensor: LazyTensor }) => {
          const entry = { name: tensor.name, dataType: tensor.dataType, shape: tensor.shape, offset };
          offset += tensor.byteLength;
          return entry;
        });
        const file = await sink.file(fileName ?? "model.raw");
        await file.write(rawFile(listed, new Uint8Array(0)));
        for (const { tensor } of tensors) await copy(tensor, file);
        await file.close();
        if (directory) {
          const json = await sink.file("config.json");
          await json.write(new TextEncoder().encode(JSON.stringify(config)));
          await json.close();
        }
      },
    })),
  };
}

function isRawTensor({ name, dataType = "float32", shape, offset }: RawTensor): boolean {
  return typeof name === "string" && isDataType(dataType) && Array.isArray(shape) && Number.isSafeInteger(offset);
}

function malformed(name: string, how: string): LongspanError {
  return new LongspanError("malformed", `${name} ${how}.`);
}

function parsed<Value>(name: string, text: string): Value {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(name, "has a first line that is no JSON");
  }
}

function configOf(root: TreeValue): Record<string, unknown> | null {
  const text = isTreeMap(root) ? root.get("config") : undefined;
  return typeof text === "string" ? JSON.parse(text) : null;
}
