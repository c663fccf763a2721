import { expect, test } from "vitest";
import { plainLayout } from "../../test/sample-model.ts";
import { parseLayoutFile } from "./layout-file.ts";

test("a layout written as JSON is the layout", () => {
  expect(parseLayoutFile(JSON.stringify({ version: 1, ...plainLayout }), "my-layout.json")).toEqual(plainLayout);
});

test.each([
  ["not json", "is not JSON"],
  ["[]", "expected an object"],
  ["{}", "says version undefined"],
  ['{"version":2}', "reads version 1"],
  ['{"version":1,"name":"x","rules":[],"splits":[]}', "reserved"],
  ['{"version":1,"name":"x","rules":[],"rule":[]}', 'unknown key "rule"'],
  ['{"version":1,"name":"x","rules":[{"from":"a"}]}', "rules[0].to"],
  ['{"version":1,"name":"x","rules":[{"from":"a","to":"b","transform":"T"}]}', "transform"],
  ['{"version":1,"name":"x","trunkPrefix":"longformer","rules":[]}', "ends with a dot"],
  ['{"version":1,"name":"x","prefixesBareTrunk":"yes","rules":[]}', "expected true or false"],
  ['{"version":1,"name":"x","rules":[{"from":"a.{i}","to":"b"}]}', 'Layout "x"'],
  ['{"version":1,"name":"","rules":[]}', "name"],
])("%s is refused", (text, message) => {
  expect(() => parseLayoutFile(text, "my-layout.json")).toThrow(message);
});
