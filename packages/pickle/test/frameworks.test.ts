import { describe as suite, expect, test } from "vitest";
import {
  asAttributes,
  asBytes,
  asDict,
  asInteger,
  asList,
  asSequence,
  asString,
  asTuple,
  classOf,
  inertJson,
  isGlobal,
  isMadeBy,
  PickleDict,
  type PickleObject,
  type PickleValue,
  readBytes,
  readPickle,
  streamBytes,
} from "../src/index.ts";
import { fixture } from "./fixtures.ts";

function entry(value: PickleValue | undefined, key: string): PickleValue | undefined {
  return asDict(value)?.get(key);
}

function object(value: PickleValue | undefined): PickleObject {
  if (typeof value !== "object" || value?.kind !== "object") throw new Error("An object is expected");
  return value;
}

suite("objects, in every protocol", () => {
  test.each([0, 1, 2, 3, 4, 5])("protocol %i", async (protocol) => {
    const { value } = await readPickle(fixture(`objects-${protocol}.pkl`));
    const namespace = object(entry(value, "namespace"));
    expect(classOf(namespace)).toEqual({ kind: "global", module: "argparse", name: "Namespace" });
    expect(asAttributes(namespace)?.get("lr")).toBe(0.5);
    expect(entry(value, "again")).toBe(namespace);
    expect(asDict(entry(value, "ordered"))?.entries).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
    expect(asDict(entry(value, "empty ordered"))?.size).toBe(0);
    expect(asList(entry(entry(value, "default"), "a"))).toEqual([1]);
    expect(asDict(entry(value, "counter"))?.entries).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(isGlobal(entry(value, "class"), "collections", "Counter")).toBe(true);
    expect(isGlobal(entry(value, "function"), "builtins", "len")).toBe(true);
    const orderedDict = object(entry(value, "ordered")).callable;
    expect(asDict(value)?.get(orderedDict)).toBe("class as key");
    expect(asDict(value)?.get({ kind: "global", module: "collections", name: "OrderedDict" })).toBe("class as key");
    const keywords = { $class: "__main__.Keywords", $args: [1], $keywords: { base: 2 } };
    // Earlier protocols spell it by functools.partial, or not at all.
    expect(protocol < 4 ? keywords : inertJson(entry(value, "keywords") ?? null)).toEqual(keywords);
    const entries = (inertJson(value) as { $dict: [string, unknown][] }).$dict;
    expect(Object.fromEntries(entries.slice(0, -3))).toEqual({
      namespace: { $class: "argparse.Namespace", lr: 0.5, layers: [1, 2] },
      ordered: { b: 1, a: 2 },
      "empty ordered": {},
      default: { a: [1] },
      counter: { a: 2, b: 1 },
      path: { $class: "pathlib.PurePosixPath", $args: ["/", "data", "model"] },
      partial: {
        $class: "functools.partial",
        $args: [{ $global: "builtins.int" }],
        $state: [{ $global: "builtins.int" }, ["10"], { base: 2 }, null],
      },
      complex: { $class: "builtins.complex", $args: [1, 2] },
      range: { $class: "builtins.range", $args: [0, 3, 1] },
      class: { $global: "collections.Counter" },
      function: { $global: "builtins.len" },
      exception: { $class: "builtins.ValueError", $args: ["no"] },
    });
  });
});

test.each([0, 2, 4])("values that contain themselves, protocol %i", async (protocol) => {
  const { value } = await readPickle(fixture(`recursive-${protocol}.pkl`));
  const items = asList(entry(value, "items"));
  expect(items?.[0]).toBe("start");
  expect(items?.[1]).toBe(entry(value, "items"));
  expect(asTuple(items?.[2])?.[0]).toBe(entry(value, "items"));
  expect(entry(value, "self")).toBe(value);
});

suite("torch", () => {
  test("data.pkl of a training checkpoint", async () => {
    const { value, protocol } = await readPickle(fixture("torch-data.pkl"));
    expect(protocol).toBe(2);
    expect(asInteger(entry(value, "epoch"))).toBe(3);
    expect(asInteger(entry(value, "global_step"))).toBe(2 ** 40);
    expect(asString(entry(value, "pytorch-lightning_version"))).toBe("2.6.6");
    const state = entry(value, "state_dict");
    expect(asDict(state)?.entries.map(([key]) => key)).toEqual(["weight", "bias", "tied", "view"]);
    expect(asAttributes(object(state))?.has("_metadata")).toBe(true);
    const weight = entry(state, "weight");
    if (!isMadeBy(weight, "torch._utils", "_rebuild_tensor_v2")) throw new Error("A tensor is expected");
    const [storage, offset, size, stride, requiresGrad, hooks] = weight.args;
    expect([offset, asTuple(size), asTuple(stride), requiresGrad, asDict(hooks)?.size]).toEqual([0, [3, 2], [2, 1], false, 0]);
    if (typeof storage !== "object" || storage?.kind !== "persistent-id") throw new Error("A persistent id is expected");
    expect(asSequence(storage.id)).toEqual(["storage", { kind: "global", module: "torch", name: "FloatStorage" }, "0", "cpu", 6]);
    const tied = entry(state, "tied");
    if (!isMadeBy(tied, "torch._utils", "_rebuild_tensor_v2")) throw new Error("A tensor is expected");
    const [tiedStorage] = tied.args;
    expect(tiedStorage).toEqual(storage);
    expect(inertJson(entry(value, "hyper_parameters") ?? null)).toEqual({
      $class: "argparse.Namespace",
      lr: 0.5,
      path: { $class: "pathlib.PurePosixPath", $args: ["a", "b"] },
      device: { $class: "torch.device", $args: ["cpu"] },
      dtype: { $global: "torch.bfloat16" },
    });
    const optimizer = asList(entry(value, "optimizer_states"))?.[0];
    expect(asDict(entry(optimizer, "state"))?.get(1)).toBeInstanceOf(PickleDict);
    expect(asDict(entry(optimizer, "state"))?.get("1")).toBeUndefined();
    expect(isMadeBy(entry(value, "float8"), "torch._utils", "_rebuild_tensor_v3")).toBe(true);
  });

  test("a legacy file is pickles one after another", async () => {
    const bytes = fixture("torch-legacy.pkl");
    const values: PickleValue[] = [];
    let offset = 0;
    for (let index = 0; index < 5; index++) {
      const reading = await readPickle(bytes, { offset });
      values.push(reading.value);
      offset = reading.end;
    }
    const [magic, version, system, object, keys] = values;
    expect(magic).toBe(0x1950a86a20f9469cfc6cn);
    expect(version).toBe(1001);
    expect(entry(system, "little_endian")).toBe(true);
    expect(asDict(object)?.entries.map(([key]) => key)).toEqual(["weight", "bias"]);
    expect(asList(keys)?.length).toBe(2);
    // A count of elements and the elements, for each storage.
    expect(bytes.length - offset).toBe(8 + 6 * 4 + 8 + 3 * 4);
  });
});

suite("numpy and Paddle", () => {
  test.each([2, 3, 4, 5])("arrays, protocol %i", async (protocol) => {
    const bytes = fixture(`numpy-${protocol}.pkl`);
    const { value } = await readPickle(bytes, { lazyText: 1024 });
    const array = entry(value, "array");
    const large = entry(value, "large");
    if (typeof array !== "object" || typeof large !== "object") throw new Error("Arrays are expected");
    const contents = (node: PickleValue | undefined): PickleValue => {
      const { args, state } = object(node);
      return (protocol === 5 ? args[0] : asTuple(state)?.[4]) ?? null;
    };
    expect([...new Float32Array((await readBytes(bytes, contents(array))).slice().buffer)]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(asBytes(contents(array))?.length).toBe(24);
    const integers = await readBytes(bytes, contents(large));
    expect([...new BigInt64Array(integers.slice().buffer)]).toEqual(Array.from({ length: 1000 }, (_, index) => BigInt(index)));
    // Text that spells bytes, as protocol 2 has it, is longer than the bytes; both stay in the source.
    expect(asBytes(contents(large))).toBeUndefined();
    const chunks: number[] = [];
    for await (const chunk of streamBytes(bytes, contents(large), 1000)) chunks.push(...chunk);
    expect(Uint8Array.from(chunks)).toEqual(integers);
  });

  test.each([2, 4])("a state dict, protocol %i", async (protocol) => {
    const bytes = fixture(`paddle-${protocol}.pdparams`);
    const { value } = await readPickle(bytes);
    expect(inertJson(entry(value, "StructuredToParameterName@@") ?? null)).toEqual({ weight: "linear_0.w_0", bias: "linear_0.b_0" });
    const [version, shape, type, fortran, content] = asTuple(object(entry(value, "weight")).state) ?? [];
    expect([version, asTuple(shape), fortran]).toEqual([1, [40, 30], false]);
    expect(isMadeBy(type, "numpy", "dtype")).toBe(true);
    const floats = new Float32Array((await readBytes(bytes, content ?? null)).slice().buffer);
    expect([...floats]).toEqual(Array.from({ length: 1200 }, (_, index) => index));
  });
});
