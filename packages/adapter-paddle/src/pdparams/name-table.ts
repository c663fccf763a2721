import { isTreeMap, type TreeMap } from "@longspan/core/adapter";

/** The key of the table from structured names to Paddle's internal ones: `{"a.weight": "linear_0.w_0"}`. No tensor is in it. */
export const nameTableKey = "StructuredToParameterName@@";

/** A sentence where the name table names what is not in the file; paddle.load fails on such a file. */
export function checkNameTable(root: TreeMap): string | undefined {
  const table = root.get(nameTableKey);
  if (!isTreeMap(table)) return undefined;
  const missing = table.entries.flatMap(([name]) => (typeof name === "string" && root.get(name) === undefined ? [name] : []));
  if (missing.length === 0) return undefined;
  const names = missing.slice(0, 3).map((name) => `"${name}"`);
  return `The file's name table names ${missing.length} parameters that are not in the file (${names.join(", ")}${missing.length > names.length ? ", …" : ""}): something was taken out of it.`;
}
