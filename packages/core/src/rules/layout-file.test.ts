import { describe, expect, test } from "vitest";
import { plainLayout } from "../../test/sample-model.ts";
import { parseLayoutFile } from "./layout-file.ts";

test("a layout written as JSON is the layout", () => {
  expect(parseLayoutFile(JSON.stringify({ version: 1, ...plainLayout }), "my-layout.json")).toEqual(plainLayout);
});

test("everything that a layout has, and empty lists for what is left out", () => {
  const rule = { from: "pooler.dense.weight", to: "pool.w", transform: "transpose" };
  const whole = {
    name: "mine",
    description: "my own",
    trunkPrefix: "body.",
    prefixesBareTrunk: true,
    rules: [{ from: "pooler.dense.bias", to: "pool.b" }, rule],
    accepts: [{ ...rule, to: "pooling.w" }],
    drops: [{ name: "old.{i}", reason: "a buffer" }],
    adds: [{ name: "again", copyOf: "pooler.dense.weight", transform: "transpose", reason: "tied" }],
  };
  expect(parseLayoutFile(JSON.stringify({ $schema: "layout-1.schema.json", version: 1, ...whole }), "f.json")).toStrictEqual(whole);
  const bare = parseLayoutFile('{"version":1,"name":"bare","trunkPrefix":"","rules":[]}', "f.json");
  expect(bare).toStrictEqual({ name: "bare", trunkPrefix: "", rules: [], accepts: [], drops: [], adds: [] });
});

test.each([
  ["not json", "is not JSON"],
  ["[]", "the file is []; expected an object"],
  ["{}", "says version undefined"],
  ['{"version":2}', "reads version 1"],
  ['{"version":1,"name":"x","rules":[],"splits":[]}', "reserved"],
  ['{"version":1,"name":"x","rules":[],"rule":[]}', 'unknown key "rule"'],
  ['{"version":1,"name":"x","rules":[{"from":"a"}]}', "rules[0].to"],
  ['{"version":1,"name":"x","rules":[{"from":"a","to":"b","transform":"T"}]}', "transform"],
  ['{"version":1,"name":"x","trunkPrefix":"longformer","rules":[]}', "ends with a dot"],
  ['{"version":1,"name":"x","prefixesBareTrunk":"yes","rules":[]}', "expected true or false"],
  ['{"version":1,"name":"x","rules":[{"from":"a.{i}","to":"b"}]}', 'Layout "x"'],
  ['{"version":1,"name":"","rules":[]}', 'name is ""; expected a text'],
  ['{"version":1,"name":7,"rules":[]}', "name is 7; expected a text"],
  ['{"version":1,"name":"x","description":7,"rules":[]}', "description is 7"],
  ['{"version":1,"name":"x","trunkPrefix":7,"rules":[]}', "trunkPrefix is 7"],
  ['{"version":1,"name":"x"}', "rules is undefined; expected a list"],
  ['{"version":1,"name":"x","rules":{}}', "expected a list"],
  ['{"version":1,"name":"x","rules":[],"accepts":{}}', "accepts is"],
  ['{"version":1,"name":"x","rules":[],"drops":7}', "drops is 7"],
  ['{"version":1,"name":"x","rules":[],"adds":"y"}', 'adds is "y"'],
  ['{"version":1,"name":"x","rules":[],"merges":[]}', '"merges" is reserved'],
  ['{"version":1,"name":"x","rules":[7]}', "rules[0] is 7; expected an object"],
  ['{"version":1,"name":"x","rules":[null]}', "rules[0] is null; expected an object"],
  ['{"version":1,"name":"x","rules":[[]]}', "expected an object"],
  ['{"version":1,"name":"x","rules":[{"to":"a"}]}', "rules[0].from"],
  ['{"version":1,"name":"x","rules":[],"accepts":[{"from":"a"}]}', "accepts[0].to"],
  ['{"version":1,"name":"x","rules":[],"accepts":[{"from":"a","to":"b","transform":null}]}', "accepts[0].transform is null"],
  ['{"version":1,"name":"x","rules":[],"drops":[{"name":"a"}]}', "drops[0].reason"],
  ['{"version":1,"name":"x","rules":[],"drops":[{"reason":"a"}]}', "drops[0].name"],
  ['{"version":1,"name":"x","rules":[],"adds":[{"name":"a","reason":"b"}]}', "adds[0].copyOf"],
  ['{"version":1,"name":"x","rules":[],"adds":[{"name":"a","copyOf":"b"}]}', "adds[0].reason"],
  ['{"version":1,"name":"x","rules":[],"adds":[{"name":"a","copyOf":"b","reason":"c","transform":"T"}]}', "adds[0].transform"],
])("%s is refused", (text, message) => {
  expect(() => parseLayoutFile(text, "my-layout.json")).toThrow(
    expect.objectContaining({ code: "layout-invalid", message: expect.stringContaining(message) }),
  );
});

describe("a file that stands for more than it holds is refused before it is read on", () => {
  const limits = { memory: 100_000 };
  const many = Array.from({ length: 20 }, (_, index) => index);
  const choice = (name: string, letter: string): string => `{${name}:${many.map((index) => letter + String(index)).join("|")}}`;
  const [from, to] = [`${choice("p", "a")}.${choice("q", "b")}`, `${choice("q", "c")}.${choice("p", "d")}`];
  const left = many.map((index) => ({ name: `a${index}`, reason: "r" }));
  const second = many.map((index) => ({ name: `a${index}`, copyOf: `b${index}`, reason: "r" }));
  test.each<[string, object]>([
    ["choices of a rule", { rules: [{ from, to }] }],
    ["choices of another spelling", { rules: [], accepts: [{ from, to }] }],
    ["names that are left out", { rules: [], drops: [...left, ...left] }],
    ["second names", { rules: [], adds: [...second, ...second] }],
    ["both", { rules: [], drops: left, adds: second }],
  ])("%s", (_name, more) => {
    const text = JSON.stringify({ version: 1, name: "x", ...more });
    expect(() => parseLayoutFile(text, "my-layout.json", limits)).toThrow(expect.objectContaining({ code: "limit-exceeded" }));
    expect(() => parseLayoutFile(text, "my-layout.json")).not.toThrow();
  });
});
