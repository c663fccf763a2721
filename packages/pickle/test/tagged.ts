import { asSet, isMadeBy, type PickleValue, readBytes, readText } from "../src/index.ts";
import { bytesOrigin } from "../src/views/as-bytes.ts";
import type { Tagged } from "./fixtures.ts";

/**
 * An inert value as the fixture script tags the Python value, for shallow values. A float that has no fraction cannot be
 * told from an int: `tagged` is given the expected value and takes its word for that.
 */
export async function tagged(value: PickleValue, source: Uint8Array, expected: Tagged | undefined): Promise<Tagged> {
  if (value === null || typeof value === "boolean" || typeof value === "string") return pythonTwoText(value, expected);
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number") {
    const float = !Number.isInteger(value) || Object.is(value, -0) || !Number.isSafeInteger(value) || keyOf(expected) === "float";
    return float ? { float: float64(value) } : { int: String(value) };
  }
  const type =
    typeof value === "object" && value.kind === "bytes" && value.mutable
      ? "bytearray"
      : isMadeBy(value, "builtins", "bytearray")
        ? "bytearray"
        : "bytes";
  if (value.kind === "bytes" && value.pythonTwoString === true) return String.fromCharCode(...(await readBytes(source, value)));
  if (bytesOrigin(value) !== undefined) return { [type]: hex(await readBytes(source, value)) };
  if (value.kind === "text") return readText(source, value);
  const parts = (keyOf(expected) === undefined ? [] : (expected as Record<string, Tagged[]>)[keyOf(expected) as string]) ?? [];
  const set = asSet(value);
  if (set !== undefined) {
    const frozen = (value.kind === "set" && value.frozen) || isMadeBy(value, "builtins", "frozenset");
    return { [frozen ? "frozenset" : "set"]: await Promise.all(set.map((item, index) => tagged(item, source, parts[index]))) };
  }
  switch (value.kind) {
    case "list":
    case "tuple":
      return { [value.kind]: await Promise.all(value.items.map((item, index) => tagged(item, source, parts[index]))) };
    case "dict":
      return {
        dict: await Promise.all(
          value.entries.map(async ([key, item], index) => {
            const [expectedKey, expectedItem] = (parts[index] ?? []) as unknown as Tagged[];
            return [await tagged(key, source, expectedKey), await tagged(item, source, expectedItem)];
          }),
        ),
      };
    default:
      throw new Error(`No tag for ${value.kind}`);
  }
}

function pythonTwoText(value: null | boolean | string, expected: Tagged | undefined): Tagged {
  return value === "" && keyOf(expected) === "bytes" ? { bytes: "" } : value;
}

function keyOf(expected: Tagged | undefined): string | undefined {
  return typeof expected === "object" && expected !== null ? Object.keys(expected)[0] : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function float64(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return hex(new Uint8Array(view.buffer));
}
