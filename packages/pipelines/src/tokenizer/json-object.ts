/** An object of parsed JSON whose keys have not been looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The `type` of a part of tokenizer.json. */
export function typeOf(part: JsonObject): string {
  return typeof part.type === "string" ? part.type : "";
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
