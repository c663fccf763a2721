import { type PickleInput, global, readPickle, reduce, tuple, writePickle } from "@longspan/pickle";
import { expect, test } from "vitest";
import { type NumpyElement, parseElement } from "./numpy-element.ts";

/** As numpy's own state of a plain type, with changes by position. */
function state(order: string, changes: Readonly<Record<number, PickleInput>> = {}): PickleInput {
  const items: readonly PickleInput[] = [3, order, null, null, null, -1, -1, 0];
  return tuple(...items.map((item, index) => changes[index] ?? item));
}

async function parsed(code: PickleInput, given?: PickleInput): Promise<NumpyElement | undefined> {
  const node = reduce(global("numpy", "dtype"), [code, false, true], given === undefined ? {} : { state: given });
  const [bytes] = writePickle(node, { protocol: 4 });
  return parseElement((await readPickle(bytes instanceof Uint8Array ? bytes : new Uint8Array(0))).value);
}

test.each<[string, PickleInput, PickleInput | undefined, string, string]>([
  ["numpy's own spelling", "f4", state("<"), "float32", "little"],
  ["big endian", "f8", state(">"), "float64", "big"],
  ["native", "f2", state("="), "float16", "little"],
  ["no order", "b1", state("|"), "bool", "little"],
  ["an order in the code", ">f8", undefined, "float64", "big"],
  ["an order in the code and another in the state, which counts", ">f4", state("<"), "float32", "little"],
  ["no order in a code", "|b1", undefined, "bool", "little"],
  ["a class", global("numpy", "float32"), state("<"), "float32", "little"],
])("%s", async (_, code, given, dataType, byteOrder) => {
  expect(await parsed(code, given)).toMatchObject({ kind: "element", dataType, byteOrder });
});

test.each<[string, PickleInput, PickleInput, RegExp]>([
  ["flags", "f4", state("<", { 7: 63 }), /the flags 63/],
  ["fields", "f4", state("<", { 4: tuple(1) }), /structured/],
  ["names", "V8", state("|", { 3: tuple("a", "b") }), /structured/],
  ["a subarray", "f4", state("<", { 2: tuple("f4", tuple(2)) }), /structured/],
  ["an unknown version", "f4", state("<", { 0: 9 }), /version 9/],
  ["an unknown order", "f4", state("!"), /byte order/],
  ["objects", "O8", state("|", { 7: 63 }), /flags 63/],
  ["dates", "M8", state("<"), /dates/],
])("%s: refused", async (_, code, given, reason) => {
  expect(await parsed(code, given)).toMatchObject({ kind: "refused", reason: expect.stringMatching(reason) });
});
