import type { PickleDict, PickleEntry, PickleObject, PickleText, PickleTuple, PickleValue } from "../values.ts";
import { asAttributes, asDict } from "./as-dict.ts";
import { bytesOrigin } from "./as-bytes.ts";
import { describe } from "../describe.ts";
import { asSet, classOf, isGlobal, isReconstructed } from "./narrow.ts";

/** Anything `JSON.stringify` takes. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** How much of a value becomes JSON; in the place of what is beyond stands `{"$omitted": …}`. */
export interface InertJsonLimits {
  /** Containers inside of one another. Default 64. */
  readonly depth: number;
  /** Values, all together. Default 100 000. */
  readonly values: number;
  /** Characters of text and keys, all together. Default 1 000 000. */
  readonly characters: number;
}

const defaultLimits: InertJsonLimits = { depth: 64, values: 100_000, characters: 1_000_000 };

/** The parts of a value that become a JSON array (no key) or object, one of the two. */
interface Parts {
  readonly array: boolean;
  readonly parts: readonly (readonly [key: string, value: PickleValue])[];
}

/** An array or object that is begun. */
interface Frame extends Parts {
  readonly node: PickleValue;
  readonly put: (key: string, json: JsonValue) => void;
  next: number;
}

/**
 * An inert tree as plain JSON, for reports and to read settings from. Bounded by the limits, safe for values that contain
 * themselves (`{"$cycle": "list"}`) and for keys such as `__proto__`.
 *
 * None, booleans, text and lists become their JSON; tuples become arrays; ints beyond 2^53, NaN and infinities become
 * strings. A dict, OrderedDict, defaultdict or Counter becomes an object (its class is left out); one with a key that is
 * no text, or begins with `$`, becomes `{"$dict": [[key, value], …]}`. An object becomes `{"$class": "argparse.Namespace",
 * …its attributes}`, with `$args`, `$keywords`, `$items`, `$entries`, `$state` where it has those. Others:
 * `{"$global": "module.name"}`, `{"$bytes": length}`, `{"$text": length}`, `{"$set": […]}`, `{"$persistentId": …}`.
 */
export function inertJson(value: PickleValue, limits: Partial<InertJsonLimits> = {}): JsonValue {
  const { depth, values, characters } = { ...defaultLimits, ...limits };
  let valuesLeft = values;
  let charactersLeft = characters;
  let root: JsonValue = null;
  const open: Set<PickleValue> = new Set();
  const frames: Frame[] = [
    {
      node: null,
      array: true,
      parts: [["", value]],
      next: 0,
      put: (_, json) => void (root = json),
    },
  ];
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const part = frame.parts[frame.next++];
    if (part === undefined) {
      open.delete(frame.node);
      frames.pop();
      continue;
    }
    const [key, content] = part;
    charactersLeft -= key.length;
    if (valuesLeft-- <= 0 || charactersLeft <= 0) {
      frame.put("$omitted", frame.array ? { $omitted: "more" } : "more");
      frame.next = frame.parts.length;
      continue;
    }
    if (typeof content === "object" && content !== null && (open.has(content) || frames.length > depth)) {
      frame.put(key, { [open.has(content) ? "$cycle" : "$omitted"]: content.kind });
      continue;
    }
    const parts = partsOf(content, valuesLeft);
    if (parts === undefined) {
      const json = atomOf(content, charactersLeft);
      if (typeof json === "string") charactersLeft = Math.max(charactersLeft - json.length, 0);
      frame.put(key, json);
    } else {
      open.add(content);
      const container: { json: JsonValue; put: Frame["put"] } = parts.array ? newArray() : newObject();
      frame.put(key, container.json);
      frames.push({ ...parts, node: content, next: 0, put: container.put });
    }
  }
  return root;
}

function newArray(): { json: JsonValue; put: Frame["put"] } {
  const json: JsonValue[] = [];
  return { json, put: (_, item) => void json.push(item) };
}

function newObject(): { json: JsonValue; put: Frame["put"] } {
  const json: { [key: string]: JsonValue } = {};
  // An assignment to "__proto__" would set the prototype.
  return {
    json,
    put: (key, value) =>
      void Object.defineProperty(json, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      }),
  };
}

function atomOf(value: PickleValue, characters: number): JsonValue {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return String(value);
    case "string":
      return value.length <= characters ? value : `${value.slice(0, characters)}…`;
    default:
      return typeof value === "boolean" ? value : null;
  }
}

/** The parts of a container; undefined for a value that has none. Only slightly more than `longest` are listed. */
function partsOf(value: PickleValue, maxItems: number): Parts | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  switch (value.kind) {
    case "list":
    case "tuple":
      return { array: true, parts: listed(value.items, maxItems).map((item) => ["", item]) };
    case "set":
      return object([["$set", asTuple(value.items)]]);
    case "dict":
      return dictParts(value, maxItems);
    case "bytes":
      return object([["$bytes", value.byteLength]]);
    case "text":
      return object([["$text", value.byteLength]]);
    case "global":
      return object([["$global", `${value.module}.${value.name}`]]);
    case "persistent-id":
      return object([["$persistentId", value.id]]);
    default:
      return objectParts(value, maxItems);
  }
}

const dictClasses = [
  ["collections", "OrderedDict"],
  ["collections", "defaultdict"],
  ["collections", "Counter"],
  ["builtins", "dict"],
] as const;

function objectParts(value: PickleObject, maxItems: number): Parts {
  const bytes = bytesOrigin(value);
  if (bytes !== undefined) return object(["latin1" in bytes ? latin1Part(bytes.latin1) : ["$bytes", bytes.byteLength]]);
  const set = asSet(value);
  if (set !== undefined) return object([["$set", asTuple(set)]]);
  const dict = dictClasses.some(([module, name]) => isGlobal(value.callable, module, name)) ? asDict(value) : undefined;
  if (dict !== undefined && value.items === undefined) return dictParts(dict, maxItems);
  const type = classOf(value);
  const parts: [string, PickleValue][] = [["$class", type === undefined ? describe(value.callable) : `${type.module}.${type.name}`]];
  const args = isReconstructed(value) ? value.args.slice(1) : value.args;
  // "object, None" is how copyreg says that there is no base class with a value of its own.
  const plain = isGlobal(value.callable, "copyreg", "_reconstructor") && isGlobal(args[0], "builtins", "object") && args[1] === null;
  if (args.length > 0 && !plain) parts.push(["$args", asTuple(args)]);
  if (value.keywords !== undefined) parts.push(["$keywords", value.keywords]);
  if (value.items !== undefined) parts.push(["$items", asTuple(value.items)]);
  if (value.entries !== undefined) parts.push(["$entries", value.entries]);
  if (value.earlierStates !== undefined) parts.push(["$earlierStates", asTuple(value.earlierStates)]);
  const attributes = asAttributes(value);
  const plainAttributes = attributes === undefined ? undefined : plainEntries(listed(attributes.entries, maxItems));
  if (plainAttributes !== undefined) return object([...parts, ...plainAttributes]);
  if (value.state !== undefined) parts.push(["$state", value.state]);
  return object(parts);
}

/** The number of bytes that text spells is its length, but unknown while it stands in the source. */
function latin1Part(text: string | PickleText): [key: string, value: PickleValue] {
  return typeof text === "string" ? ["$bytes", text.length] : ["$text", text.byteLength];
}

function dictParts(dict: PickleDict, maxItems: number): Parts {
  const entries = listed(dict.entries, maxItems);
  return object(plainEntries(entries) ?? [["$dict", asTuple(entries.map((entry) => asTuple(entry)))]]);
}

/** The entries where all keys can be keys of a JSON object and none looks like ours. */
function plainEntries(entries: readonly PickleEntry[]): [key: string, value: PickleValue][] | undefined {
  const plain: [string, PickleValue][] = [];
  for (const [key, value] of entries) {
    if (typeof key !== "string" || key.startsWith("$")) return undefined;
    plain.push([key, value]);
  }
  return plain;
}

/** A few more than fit, so that their being too many is noticed. */
function listed<Item>(items: readonly Item[], maxItems: number): readonly Item[] {
  return items.length > maxItems + 1 ? items.slice(0, maxItems + 1) : items;
}

function object(parts: readonly (readonly [string, PickleValue])[]): Parts {
  return { array: false, parts };
}

function asTuple(items: readonly PickleValue[]): PickleTuple {
  return { kind: "tuple", items };
}
