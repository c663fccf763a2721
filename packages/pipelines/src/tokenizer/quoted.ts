/** As much of a text from a file as a message shows. */
const shown = 100;

/** A value from a file for a message: on one line, and no longer than a line. */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value.slice(0, shown + 1)) : nameOf(value);
  return text.length <= shown + 2 ? text : `${text.slice(0, shown)}…`;
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : typeof value === "undefined" ? "missing" : "an object";
}
