import * as fc from "fast-check";
import { describe as suite, expect, test } from "vitest";
import {
  asBytes,
  asDict,
  asList,
  asSet,
  asTuple,
  dict,
  float,
  global,
  list,
  newObject,
  orderedDict,
  payload,
  persistentId,
  PickleError,
  type PickleInput,
  type PicklePayload,
  type PickleSegment,
  type PickleValue,
  readPickle,
  reduce,
  set,
  tuple,
  writePickle,
} from "../src/index.ts";

function bytesOf(segments: readonly PickleSegment[], fill: (payload: PicklePayload) => Uint8Array = () => new Uint8Array(0)): Uint8Array {
  return Uint8Array.from(segments.flatMap((segment) => [...(segment instanceof Uint8Array ? segment : fill(segment))]));
}

async function roundTrip(value: PickleInput, protocol: 2 | 4): Promise<PickleValue> {
  const bytes = bytesOf(writePickle(value, { protocol }));
  const reading = await readPickle(bytes, { lazyBytes: Infinity, lazyText: Infinity });
  expect([reading.end, reading.protocol]).toEqual([bytes.length, protocol]);
  return reading.value;
}

/** A value as nested arrays that say what it is, the same for what is written and what is read. */
function shape(value: PickleInput): unknown {
  if (value === null || typeof value !== "object") return value;
  const bytes = value instanceof Uint8Array ? value : asBytes(value as PickleValue);
  if (bytes !== undefined) return ["bytes", [...bytes]];
  const items = value instanceof Uint8Array ? undefined : asSet(value as PickleValue);
  if (items !== undefined) return ["set", items.map(shape)];
  if (value instanceof Uint8Array) return value;
  switch (value.kind) {
    case "float":
      return value.value;
    case "list":
    case "tuple":
      return [value.kind, value.items.map(shape)];
    case "dict":
      return ["dict", value.entries.map(([key, item]) => [shape(key), shape(item)])];
    case "global":
      return ["global", value.module, value.name];
    case "persistent-id":
      return ["persistent-id", shape(value.id)];
    case "object":
      return [
        "object",
        value.made,
        shape(value.callable),
        value.args.map(shape),
        value.entries && shape(value.entries),
        (value.items ?? []).map(shape),
        value.state === undefined ? "no state" : shape(value.state),
      ];
    default:
      return value;
  }
}

const names = fc.constantFrom("collections", "torch._utils", "builtins", "copyreg", "__main__", "a.b");
const atom: fc.Arbitrary<PickleInput> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
  fc.bigInt({ min: -(2n ** 200n), max: -(2n ** 53n) }),
  fc.double(),
  fc.string({ unit: "binary" }),
  // Lone surrogates among the characters.
  fc.array(fc.nat(0xffff), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes)),
  fc.uint8Array({ maxLength: 20 }),
  fc.tuple(names, fc.constantFrom("Name", "outer.Inner")).map(([module, name]) => global(module, name)),
);
const { tree } = fc.letrec<{ tree: PickleInput; key: PickleInput }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 2 },
    atom,
    fc.array(tie("key"), { maxLength: 3 }).map((items) => tuple(...items)),
  ),
  tree: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.array(tie("tree"), { maxLength: 5 }).map((items) => tuple(...items)),
    fc.array(tie("tree"), { maxLength: 5 }).map((items) => list(items)),
    fc.array(fc.tuple(tie("key"), tie("tree")), { maxLength: 5 }).map((entries) => dict(entries)),
    fc.array(fc.tuple(tie("key"), tie("tree")), { maxLength: 5 }).map((entries) => orderedDict(entries)),
    fc.array(tie("key"), { maxLength: 5 }).map((items) => set(items)),
    tie("tree").map((id) => persistentId(id)),
    fc
      .tuple(fc.array(tie("tree"), { maxLength: 3 }), fc.array(tie("tree"), { maxLength: 3 }), tie("tree"))
      .map(([args, items, state]) => reduce(global("a", "B"), args, { items, state })),
    fc.tuple(tie("tree"), tie("tree")).map(([argument, state]) => newObject(global("a", "B"), [argument], { state })),
    tie("tree").map((shared) => tuple(shared, list([shared, shared]))),
  ),
}));

suite("what is written is what is read", () => {
  test.each([2, 4] as const)("any value, protocol %i", async (protocol) => {
    await fc.assert(
      fc.asyncProperty(tree, async (value) => {
        expect(shape(await roundTrip(value, protocol))).toEqual(shape(value));
      }),
      { numRuns: 300 },
    );
  });

  test.each([2, 4] as const)("written again, the bytes are the same, protocol %i", async (protocol) => {
    await fc.assert(
      fc.asyncProperty(tree, async (value) => {
        const once = bytesOf(writePickle(value, { protocol }));
        const { value: read } = await readPickle(once, { lazyBytes: Infinity, lazyText: Infinity });
        const twice = bytesOf(writePickle(read, { protocol }));
        const { value: readAgain } = await readPickle(twice, { lazyBytes: Infinity, lazyText: Infinity });
        expect(bytesOf(writePickle(readAgain, { protocol }))).toEqual(twice);
      }),
      { numRuns: 100 },
    );
  });
});

suite("sharing", () => {
  test.each([2, 4] as const)("nodes keep their identity, protocol %i", async (protocol) => {
    const shared = list([1]);
    const pair = tuple(shared, "text");
    const made = reduce(global("a", "B"), [shared, pair], { state: shared });
    const items = asTuple(await roundTrip(tuple(shared, pair, made, pair, made, set([made])), protocol)) ?? [];
    expect(items[3]).toBe(items[1]);
    expect(items[4]).toBe(items[2]);
    expect(items[2]).toMatchObject({ args: [items[0], items[1]], state: items[0] });
    expect(asSet(items[5])?.[0]).toBe(items[2]);
  });

  test("a text or class that occurs once has no memo entry, several times one", () => {
    const text = (value: PickleInput): string => Buffer.from(bytesOf(writePickle(value, { protocol: 2 }))).toString("latin1");
    expect(text(list(["a", "b"]))).toBe("\x80\x02](X\x01\0\0\0aX\x01\0\0\0be.");
    expect(text(list(["a", "a"]))).toBe("\x80\x02](X\x01\0\0\0aq\0h\0e.");
    expect(text(tuple(global("a", "B"), global("a", "B")))).toBe("\x80\x02ca\nB\nq\0h\0\x86.");
  });

  test.each([2, 4] as const)("lists, dicts and objects may contain themselves, protocol %i", async (protocol) => {
    const items = list([]);
    const table = dict([["items", items]]);
    const made = newObject(global("a", "B"), [], { items: [table] });
    made.state = tuple(made, items);
    items.items.push(items, table, made);
    const read = asList(await roundTrip(items, protocol));
    expect(asDict(read?.[1])?.get("items")).toBe(read?.[0]);
    expect(read?.[2]).toMatchObject({ items: [read?.[1]] });
  });

  test("more than 256 shared nodes need longer references", async () => {
    const nodes = Array.from({ length: 300 }, (_, index) => list([index]));
    for (const protocol of [2, 4] as const) {
      const read = asTuple(await roundTrip(tuple(...nodes, ...nodes), protocol)) ?? [];
      expect(nodes.every((_, index) => read[index] === read[index + 300])).toBe(true);
      expect(asList(read[599])).toEqual([299]);
    }
  });

  test.each([
    [
      "a tuple",
      () => {
        const items = list([]);
        const own = tuple(items);
        items.items.push(own);
        return own;
      },
    ],
    [
      "the arguments of a call",
      () => {
        const items = list([]);
        const made = reduce(global("a", "B"), [items]);
        items.items.push(made);
        return made;
      },
    ],
    [
      "a persistent id",
      () => {
        const items = list([]);
        const id = persistentId(items);
        items.items.push(id);
        return id;
      },
    ],
  ])("%s cannot contain itself", (_, make) => {
    for (const protocol of [2, 4] as const) {
      expect(() => writePickle(make(), { protocol })).toThrow(expect.objectContaining({ code: "pickle-cycle" }));
    }
  });
});

suite("payloads", () => {
  test("are segments of their own, in order", async () => {
    const content = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 256);
    const lengths = [0, 255, 256, 65_536];
    const segments = writePickle(dict(lengths.map((length) => [length, payload(length, `number ${length}`)])), { protocol: 4 });
    expect(segments.flatMap((segment) => (segment instanceof Uint8Array ? [] : [segment.reference]))).toEqual(
      lengths.map((length) => `number ${length}`),
    );
    expect(segments.length).toBe(9);
    const bytes = bytesOf(segments, ({ byteLength }) => content(byteLength));
    const { value } = await readPickle(bytes, { lazyBytes: Infinity });
    for (const length of lengths) expect(asBytes(asDict(value)?.get(length))).toEqual(content(length));
  });

  test("of more than 4 GiB have the long opcode", () => {
    const [head] = writePickle(payload(2 ** 32, null), { protocol: 4 });
    expect(head).toEqual(Uint8Array.of(0x80, 4, 0x8e, 0, 0, 0, 0, 1, 0, 0, 0));
  });

  test("that occur twice are written once", () => {
    const shared = payload(1000, "weights");
    expect(writePickle(tuple(shared, shared), { protocol: 4 }).filter((segment) => segment === shared).length).toBe(1);
  });

  test("large arrays are segments as they are", () => {
    const large = new Uint8Array(100_000);
    expect(writePickle(list([large]), { protocol: 4 })).toContain(large);
  });
});

suite("what cannot be written", () => {
  test.each<[string, string, unknown, 2 | 4]>([
    ["pickle-unsupported", "a payload in protocol 2", payload(10, null), 2],
    ["pickle-type", "a payload of a negative length", payload(-1, null), 4],
    ["pickle-unsupported", "an integer of 256 bytes in protocol 2", 2n ** 2047n, 2],
    ["pickle-unsupported", "a name with a line break in protocol 2", global("a\nb", "c"), 2],
    ["pickle-unsupported", "the Python-2 name of another class in protocol 2", global("__builtin__", "unicode"), 2],
    ["pickle-unread", "bytes that are still in their source", { kind: "bytes", byteLength: 4, offset: 0, mutable: false }, 4],
    ["pickle-unread", "text that is still in its source", { kind: "text", byteLength: 4, offset: 0 }, 4],
    ["pickle-type", "undefined", undefined, 4],
    ["pickle-type", "undefined inside", list([undefined as unknown as PickleInput]), 4],
    ["pickle-type", "a function", () => 1, 4],
    ["pickle-type", "an object that is no node", { a: 1 }, 4],
    ["pickle-type", "an array", [1, 2], 2],
  ])("%s: %s", (code, _, value, protocol) => {
    expect(() => writePickle(value as PickleInput, { protocol })).toThrow(PickleError);
    expect(() => writePickle(value as PickleInput, { protocol })).toThrow(expect.objectContaining({ code }));
  });

  test("another protocol", () => {
    expect(() => writePickle(null, { protocol: 3 as 2 })).toThrow(expect.objectContaining({ code: "pickle-unsupported" }));
  });

  test("keys and items that Python could not hash", () => {
    expect(() => dict([[list([]), 1]])).toThrow(expect.objectContaining({ code: "pickle-type" }));
    expect(() => set([dict([])])).toThrow(expect.objectContaining({ code: "pickle-type" }));
  });
});

test("floats can be forced", () => {
  const [bytes] = writePickle(tuple(float(1), 1, -0, 0), { protocol: 2 });
  expect(bytes).toEqual(
    Uint8Array.of(0x80, 2, 0x28, 0x47, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x4b, 1, 0x47, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x4b, 0, 0x74, 0x2e),
  );
});

test("instances of Python 2's classes are written so that Python 3 makes them", async () => {
  const source = Uint8Array.from("((iold\nStyle\n(I1\niold\nStyle\nt.", (character) => character.charCodeAt(0));
  const { value } = await readPickle(source);
  const [without, withArgument] = asTuple(await roundTrip(value, 2)) ?? [];
  expect([without, withArgument]).toMatchObject([
    { made: "newobj", args: [] },
    { made: "reduce", args: [1] },
  ]);
});
