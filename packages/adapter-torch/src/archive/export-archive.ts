import { type ByteSource, type DataType, type LazyTensor, LongspanError } from "@longspan/core";
import { type SourceStorage, stridedTensor, treeMap, type TreeMap } from "@longspan/core/adapter";
import { entrySource } from "../zip/entry-source.ts";
import type { ZipEntry } from "../zip/zip-archive.ts";

/** A configuration of weights says a few hundred bytes about each. */
const maxConfigurationBytes = 64 * 2 ** 20;

/** torch/_export/serde/schema.py, ScalarType. */
const dataTypes: ReadonlyMap<number, DataType> = /*#__PURE__*/ new Map([
  [1, "uint8"],
  [2, "int8"],
  [3, "int16"],
  [4, "int32"],
  [5, "int64"],
  [6, "float16"],
  [7, "float32"],
  [8, "float64"],
  [12, "bool"],
  [13, "bfloat16"],
  [28, "uint16"],
  [29, "float8_e4m3fn"],
  [30, "float8_e5m2"],
  [34, "uint32"],
  [35, "uint64"],
]);

/** torch/_export/serde/schema.py, Layout. */
const stridedLayout = 7;

const configurationPattern = /^[^/]+\/data\/weights\/([^/]+)_weights_config\.json$/;

/**
 * The weights of a program of torch.export: a table says name, type, shape and strides of each, and which entry has its bytes
 * (torch/export/pt2_archive/_package.py).
 * @throws LongspanError `malformed`, `unsupported`, `limit-exceeded`
 */
export async function readExportedWeights(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  maxVerifiedBytes: number,
  signal: AbortSignal | undefined,
): Promise<TreeMap> {
  const tables = [...entries.keys()].filter((name) => configurationPattern.test(name));
  const [table, ...others] = tables;
  if (table === undefined) {
    throw new LongspanError(
      "unsupported",
      `${source.name} is a program of torch.export without a table of its weights (data/weights/): they are compiled in, or lie elsewhere. Load it with torch.export.load and save the weights alone: torch.save(program.state_dict, "pytorch_model.bin").`,
      { details: { file: source.name } },
    );
  }
  if (others.length > 0) {
    const models = tables.map((name) => configurationPattern.exec(name)?.[1] ?? name).join(", ");
    throw new LongspanError(
      "ambiguous-format",
      `${source.name} holds several programs of torch.export: ${models}. Save the one that is meant by itself.`,
      {
        details: { file: source.name },
      },
    );
  }
  const folder = table.slice(0, table.lastIndexOf("/") + 1);
  const storages = new Map<string, SourceStorage>();
  const tensors: (readonly [string, LazyTensor])[] = [];
  for (const [name, weight] of Object.entries(await readTable(source, entries.get(table), signal))) {
    tensors.push([name, tensorOf(source, name, weight, { entries, folder, storages, maxVerifiedBytes })]);
  }
  return treeMap(tensors);
}

async function readTable(
  source: ByteSource,
  entry: ZipEntry | undefined,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  if (entry === undefined) throw damaged(source.name, "has no table of weights");
  if (entry.byteLength > maxConfigurationBytes) {
    throw new LongspanError(
      "limit-exceeded",
      `${source.name}: the table of weights has ${entry.byteLength} bytes; at most ${maxConfigurationBytes} are read.`,
    );
  }
  const bytes = await entrySource(source, entry, true).read(0, entry.byteLength, { signal });
  let table: unknown;
  try {
    table = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damaged(source.name, "has a table of weights that is no JSON");
  }
  const config = recordOf(recordOf(table)?.config);
  if (config === undefined) throw damaged(source.name, 'has a table of weights without "config"');
  return config;
}

interface Archive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly folder: string;
  readonly storages: Map<string, SourceStorage>;
  readonly maxVerifiedBytes: number;
}

function tensorOf(source: ByteSource, name: string, weight: unknown, { entries, folder, storages, maxVerifiedBytes }: Archive): LazyTensor {
  const { path_name: path, use_pickle: pickled, tensor_meta: meta } = recordOf(weight) ?? {};
  const description = recordOf(meta);
  const shape = integersOf(description?.sizes);
  const strides = integersOf(description?.strides);
  const elementOffset = integerOf(description?.storage_offset);
  const entry = typeof path === "string" ? entries.get(folder + path) : undefined;
  if (pickled === true) {
    throw new LongspanError(
      "unsupported",
      `${source.name}: "${name}" is a tensor of a class of its own, pickled. Save the program's state_dict with torch.save, its tensors as plain ones.`,
      {
        details: { file: source.name, tensor: name },
      },
    );
  }
  if (entry === undefined || typeof path !== "string" || shape === undefined || strides === undefined || elementOffset === undefined) {
    throw damaged(source.name, `does not say where "${name}" lies and of what shape it is`);
  }
  const dataType = typeof description?.dtype === "number" ? dataTypes.get(description.dtype) : undefined;
  if (dataType === undefined || description?.layout !== stridedLayout) {
    throw new LongspanError(
      "unsupported",
      `${source.name}: "${name}" is of an element type or a layout that Longspan does not have. Save the program's state_dict with plain dense tensors.`,
      {
        details: { file: source.name, tensor: name },
      },
    );
  }
  let storage = storages.get(path);
  if (storage === undefined) {
    storage = { source: entrySource(source, entry, entry.byteLength <= maxVerifiedBytes), offset: 0, byteLength: entry.byteLength };
    storages.set(path, storage);
  }
  return stridedTensor({ name, dataType, shape, strides, elementOffset, storage });
}

/** Sizes are `{"as_int": 3}`; one that is an expression has another key. */
function integerOf(value: unknown): number | undefined {
  const number = recordOf(value)?.as_int;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function integersOf(value: unknown): number[] | undefined {
  const numbers = Array.isArray(value) ? value.map((item) => integerOf(item)) : undefined;
  return numbers?.every((number) => number !== undefined) === true ? numbers : undefined;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
}

function damaged(file: string, problem: string): LongspanError {
  return new LongspanError(
    "malformed",
    `${file} is a program of torch.export, and ${problem}. Write it again with torch.export.save, or download it again.`,
    {
      details: { file },
    },
  );
}
