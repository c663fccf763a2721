import { jsonChunks, stringifyJson, type StringifyJsonOptions } from "@longspan/core/adapter";
import type { OutputStream } from "../terminal.ts";

/** One JSON document: non-finite numbers as strings, integers beyond 2^53 as strings, so that nothing is lost or made null. */
export function jsonDocument(value: unknown): string {
  return `${stringifyJson(value, documentOptions)}\n`;
}

/** Writes a document that may be large, piece by piece. */
export function writeJsonDocument(out: OutputStream, value: unknown): void {
  for (const chunk of jsonChunks(value, documentOptions)) out.write(chunk);
  out.write("\n");
}

const documentOptions: StringifyJsonOptions = { indent: 2, replace };

function replace(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value;
}
