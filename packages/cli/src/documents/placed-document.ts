import { placeOf, type GivenText } from "./read-document.ts";

/**
 * A result that another process found in a document's text alone: with the places of its answers, entities, masks or chunks, and what of the document was not read, as
 * if it had had the document.
 */
export function placedDocument(document: Readonly<Record<string, unknown>>, given: GivenText): Readonly<Record<string, unknown>> {
  const { warnings = [] } = given;
  const placed = Object.fromEntries(
    Object.entries(document).map(([name, value]) => [name, Array.isArray(value) ? value.map((one) => withPlace(one, given)) : value]),
  );
  return { ...placed, ...(warnings.length === 0 ? {} : { warnings }) };
}

function withPlace(value: unknown, given: GivenText): unknown {
  if (typeof value !== "object" || value === null || !("start" in value) || !("end" in value)) return value;
  const { start, end } = value;
  // No answer stands nowhere.
  return typeof start === "number" && typeof end === "number" && end > start ? { ...value, ...placeOf(given, { start, end }) } : value;
}
