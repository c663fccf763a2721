import { JsonCursor } from "./json-cursor.ts";
import { MemoryCount } from "./memory-count.ts";
import { compareCodePoints } from "./name-order.ts";
import { SafetensorsError, quoted } from "./safetensors-error.ts";

/** What an index may ask for. */
export interface SafetensorsIndexLimits {
  /** Bytes of memory for what the index says. Estimated from above, as the growth of a process. Default 1 GiB. */
  readonly memory: number;
  /** Bytes of the index file. Default 100,000,000, as for a header. */
  readonly indexBytes: number;
  /** Different shard files. Default 10,000. */
  readonly shards: number;
}

/** The limits that hold for an index where none are given. */
export const defaultSafetensorsIndexLimits: SafetensorsIndexLimits = {
  memory: 2 ** 30,
  indexBytes: 100_000_000,
  shards: 10_000,
};

/** The contents of `model.safetensors.index.json`, or of `pytorch_model.bin.index.json`, which has the same form. */
export interface SafetensorsIndex {
  /**
   * What stands under `metadata`, as far as it is a string, a number, a boolean or null; empty where there is none. `total_size` (bytes) and
   * `total_parameters` are hints: writers count tied tensors differently, and nothing here relies on them.
   */
  readonly metadata: ReadonlyMap<string, string | number | boolean | null>;
  /** The file of each tensor, in the index's order. A file name is one name or a path below the index's folder (`parseSafetensorsIndex` refuses all others). */
  readonly weightMap: ReadonlyMap<string, string>;
  /** Bytes of memory that were accounted for: see `SafetensorsIndexLimits.memory`. */
  readonly memory: number;
}

/** What reading an index may take. */
export interface ParseSafetensorsIndexOptions {
  /** What an index may take; those left out are `defaultSafetensorsIndexLimits`. */
  readonly limits?: Partial<SafetensorsIndexLimits> | undefined;
  /** The index's own name, for messages. */
  readonly fileName?: string | undefined;
}

/**
 * Reads a shard index. Unknown members are skipped, `metadata` may be missing.
 *
 * File names come from whoever wrote the file: absolute ones, `..`, backslashes, colons (drives, URLs, streams) and control characters are refused.
 *
 * @throws SafetensorsError `index-malformed`, `duplicate-key`, `limit-exceeded`, `file-name-unsafe`
 */
export function parseSafetensorsIndex(index: Uint8Array | string, options: ParseSafetensorsIndexOptions = {}): SafetensorsIndex {
  const limits = { ...defaultSafetensorsIndexLimits, ...options.limits };
  const subject = options.fileName === undefined ? "The shard index" : `The shard index ${quoted(options.fileName)}`;
  if (index.length > limits.indexBytes) {
    throw new SafetensorsError("limit-exceeded", `${subject} is larger than the ${limits.indexBytes} bytes allowed.`, {
      fileName: options.fileName,
    });
  }
  const bytes = typeof index === "string" ? new TextEncoder().encode(index) : index;
  const cursor = new JsonCursor(bytes, subject, "index-malformed", 0);
  const memory = new MemoryCount(
    limits.memory,
    () =>
      new SafetensorsError("limit-exceeded", `${subject} needs more than limits.memory (${limits.memory} bytes).`, {
        offset: cursor.position,
        fileName: options.fileName,
        limit: "memory",
      }),
  );
  let metadata: SafetensorsIndex["metadata"] | undefined;
  let weightMap: SafetensorsIndex["weightMap"] | undefined;
  cursor.enterObject('an object with "weight_map"');
  for (let key = cursor.nextKey(); key !== undefined; key = cursor.nextKey()) {
    if ((key === "metadata" && metadata !== undefined) || (key === "weight_map" && weightMap !== undefined)) {
      throw cursor.error(`has the key ${quoted(key)} twice`, undefined, cursor.keyPosition, "duplicate-key");
    }
    if (key === "metadata") metadata = cursor.skipNull() ? new Map() : parseMetadata(cursor, memory);
    else if (key === "weight_map") weightMap = parseWeightMap(cursor, limits.shards, memory);
    else cursor.skip();
  }
  cursor.end();
  if (weightMap === undefined) throw cursor.error('lacks "weight_map", the file of each tensor', undefined, 0);
  return { metadata: metadata ?? new Map(), weightMap, memory: memory.spent };
}

function parseMetadata(cursor: JsonCursor, memory: MemoryCount): SafetensorsIndex["metadata"] {
  const metadata = new Map<string, string | number | boolean | null>();
  cursor.enterObject('an object under "metadata"');
  for (let key = cursor.nextKey(); key !== undefined; key = cursor.nextKey()) {
    memory.text(key);
    if (metadata.has(key)) throw cursor.error(`has the metadata key ${quoted(key)} twice`, undefined, cursor.keyPosition, "duplicate-key");
    if (cursor.nextIs("{") || cursor.nextIs("[")) cursor.skip();
    else {
      const value = cursor.scalar();
      if (typeof value === "string") memory.text(value);
      metadata.set(key, value);
    }
  }
  return metadata;
}

function parseWeightMap(cursor: JsonCursor, maxShards: number, memory: MemoryCount): ReadonlyMap<string, string> {
  const weightMap = new Map<string, string>();
  // One string per file, however many tensors name it.
  const fileNames = new Map<string, string>();
  cursor.enterObject('an object under "weight_map"');
  for (let name = cursor.nextKey(); name !== undefined; name = cursor.nextKey()) {
    memory.text(name);
    if (weightMap.has(name)) {
      throw cursor.error("names it twice; which file is meant cannot be known", name, cursor.keyPosition, "duplicate-key");
    }
    const text = cursor.string("the name of a file", name);
    let fileName = fileNames.get(text);
    if (fileName === undefined) {
      const problem = unsafeFileName(text);
      if (problem !== undefined) {
        const message = `names the file ${quoted(text)}, which ${problem}; only files below the index's folder are opened`;
        throw cursor.error(message, name, cursor.position, "file-name-unsafe");
      }
      if (fileNames.size === maxShards) {
        throw cursor.error(`names one file more than limits.shards (${maxShards})`, name, cursor.position, "limit-exceeded");
      }
      fileNames.set(text, text);
      fileName = text;
    }
    weightMap.set(name, fileName);
  }
  return weightMap;
}

/** Why a file name from an index must not be opened; undefined for a plain name, or a path that only goes down. */
function unsafeFileName(fileName: string): string | undefined {
  if (fileName === "") return "is empty";
  if (fileName.length > 1024) return "is longer than 1,024 characters";
  if (/\p{Cc}/u.test(fileName)) return "has a control character";
  if (!fileName.isWellFormed()) return "has a lone surrogate";
  if (fileName.includes("\\")) return "has a backslash";
  if (fileName.includes(":")) return "has a colon (a drive or a URL)";
  if (fileName.startsWith("/")) return "is absolute";
  if (fileName.split("/").some((segment) => segment === "" || segment === "." || segment === ".."))
    return 'has an empty segment, "." or ".."';
  return undefined;
}

/** The JSON of an index as it stands in the file. */
export interface SafetensorsIndexDocument {
  /** `total_size`: bytes of all tensors; `total_parameters`: their elements, where somebody counted. */
  readonly metadata: { readonly total_size: number; readonly total_parameters?: number };
  /** File by tensor; an object without a prototype. */
  readonly weight_map: Readonly<Record<string, string>>;
}

/**
 * The text of an index file, byte for byte as transformers 5 writes it: keys sorted, two spaces of indentation, everything but ASCII escaped,
 * a line feed at the end (`json.dumps(index, indent=2, sort_keys=True) + "\n"`).
 */
export function formatSafetensorsIndex(index: SafetensorsIndexDocument): string {
  const metadata = Object.entries(index.metadata).filter(([, value]) => value !== undefined);
  return `{\n  "metadata": ${formatObject(metadata)},\n  "weight_map": ${formatObject(Object.entries(index.weight_map))}\n}\n`;
}

function formatObject(members: readonly (readonly [string, string | number])[]): string {
  if (members.length === 0) return "{}";
  const lines = members
    .toSorted(([left], [right]) => compareCodePoints(left, right))
    .map(([key, value]) => `    ${asciiJson(key)}: ${asciiJson(value)}`);
  return `{\n${lines.join(",\n")}\n  }`;
}

function asciiJson(value: string | number): string {
  return JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
