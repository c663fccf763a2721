import type { ErrorCode } from "@longspan/core";
import { bytesSource, isTensor, isTreeMap } from "@longspan/core/adapter";
import { planSafetensors } from "@longspan/safetensors";
import type { SafetensorsDataType } from "@longspan/safetensors";
import { expect, test } from "vitest";
import { concatenate, fileOf, lengthField, openBytes } from "../test/build-safetensors.ts";
import { safetensorsContainer } from "./safetensors-container.ts";

const container = safetensorsContainer();

function typed(dataType: SafetensorsDataType, bytes: number): Uint8Array {
  const plan = planSafetensors([{ name: "w", dataType, shape: [bytes === 0 ? 0 : 2] }]);
  return concatenate(plan.header, new Uint8Array(bytes));
}

test.each([
  ["C64", 16],
  ["F8_E8M0", 2],
  ["F4", 1],
] as const)("elements %s Longspan does not have: that tensor alone", async (dataType, bytes) => {
  const { root } = await openBytes(container, typed(dataType, bytes));
  expect(isTreeMap(root) ? root.get("w") : undefined).toMatchObject({
    kind: "opaque",
    error: { code: "unsupported", message: expect.stringContaining(`model.bin: tensor "w": its elements are ${dataType}`) },
  });
});

test("an empty tensor of immeasurable strides: that tensor alone, as damage", async () => {
  const shape = [0, 2 ** 52, 2 ** 52];
  const { root } = await openBytes(container, fileOf(JSON.stringify({ w: { dtype: "F32", shape, data_offsets: [0, 0] } })));
  expect(isTreeMap(root) ? root.get("w") : undefined).toMatchObject({
    kind: "opaque",
    reason: expect.stringContaining("write it again"),
    error: { code: "tensor-invalid", details: { file: "model.bin", tensor: "w" } },
  });
});

test("odd names are names", async () => {
  const { root } = await openBytes(container, fileOf('{"__proto__": {"dtype": "U8", "shape": [], "data_offsets": [0, 1]}}', 1));
  expect(isTreeMap(root) && isTensor(root.get("__proto__"))).toBe(true);
});

test.each<readonly [string, ErrorCode, Uint8Array]>([
  ["a hole", "tensor-invalid", fileOf('{"a": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}}', 2)],
  [
    "an overlap",
    "tensor-invalid",
    fileOf('{"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}, "b": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}}', 2),
  ],
  [
    "a name twice",
    "malformed",
    fileOf('{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}', 1),
  ],
  ["bytes after the last tensor", "malformed", fileOf("{}", 3)],
  ["a type nobody knows", "unsupported", fileOf('{"a": {"dtype": "F31", "shape": [1], "data_offsets": [0, 1]}}', 1)],
  ["a header longer than the file", "truncated", fileOf('{"a": {}}').slice(0, 12)],
  ["a header of 2^63 bytes", "limit-exceeded", concatenate(lengthField(2n ** 63n), new Uint8Array(20))],
  ["a shape of 2^60", "malformed", fileOf('{"a": {"dtype": "F32", "shape": [1152921504606846976], "data_offsets": [0, 4]}}', 4)],
  ["fewer bytes than the shape takes", "tensor-invalid", fileOf('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}', 4)],
])("%s is refused", async (_name, code, bytes) => {
  await expect(openBytes(container, bytes)).rejects.toMatchObject({
    name: "LongspanError",
    code,
    message: expect.stringContaining("model.bin"),
  });
});

test("a file that is cut off inside its header is known for what it was to be", async () => {
  const whole = typed("F32", 8);
  const claim = (bytes: Uint8Array): number | undefined => {
    const found = container.detect({ source: bytesSource(bytes), head: bytes });
    return found instanceof Promise ? undefined : found?.specificity;
  };
  expect([whole, whole.slice(0, 30), whole.slice(0, 8), new TextEncoder().encode("{}")].map((bytes) => claim(bytes))).toEqual([
    85,
    40,
    undefined,
    undefined,
  ]);
});
