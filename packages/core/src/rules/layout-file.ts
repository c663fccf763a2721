import type { AddRule, DropRule, Layout, Rule } from "../adapter/layout.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { parseLayout } from "./parse-layout.ts";

/** The layout file's version. Schema: `schema/layout-1.schema.json` in this package. */
export const layoutFileVersion = 1;

const knownKeys = ["$schema", "version", "name", "description", "trunkPrefix", "prefixesBareTrunk", "rules", "accepts", "drops", "adds"];
const reservedKeys: ReadonlySet<string> = new Set(["splits", "merges"]);

/**
 * Reads a layout that a user wrote as JSON: the same text as in TypeScript, with `"version": 1`.
 * @throws LongspanError `layout-invalid` naming the file and the key.
 */
export function parseLayoutFile(text: string, origin: string): Layout {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new LongspanError("layout-invalid", `${origin} is not JSON: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  const file = record(raw, origin, "the file");
  if (file.version !== layoutFileVersion) {
    throw new LongspanError(
      "layout-invalid",
      `${origin} says version ${JSON.stringify(file.version)}; this Longspan reads version ${layoutFileVersion}.`,
    );
  }
  for (const key of Object.keys(file)) {
    if (reservedKeys.has(key))
      throw new LongspanError(
        "layout-invalid",
        `${origin}: "${key}" is reserved for a later version; one rule maps one tensor to one tensor.`,
      );
    if (!knownKeys.includes(key))
      throw new LongspanError("layout-invalid", `${origin}: unknown key "${key}". Known: ${knownKeys.join(", ")}.`);
  }
  const layout: Layout = {
    name: textOf(file.name, origin, "name"),
    ...(file.description === undefined ? {} : { description: textOf(file.description, origin, "description") }),
    ...(file.trunkPrefix === undefined ? {} : { trunkPrefix: prefix(file.trunkPrefix, origin) }),
    ...(file.prefixesBareTrunk === undefined ? {} : { prefixesBareTrunk: flag(file.prefixesBareTrunk, origin, "prefixesBareTrunk") }),
    rules: list(file.rules, origin, "rules").map((entry, index) => rule(entry, origin, `rules[${index}]`)),
    accepts: list(file.accepts ?? [], origin, "accepts").map((entry, index) => rule(entry, origin, `accepts[${index}]`)),
    drops: list(file.drops ?? [], origin, "drops").map((entry, index) => drop(entry, origin, `drops[${index}]`)),
    adds: list(file.adds ?? [], origin, "adds").map((entry, index) => add(entry, origin, `adds[${index}]`)),
  };
  parseLayout(layout);
  return layout;
}

function rule(entry: unknown, origin: string, at: string): Rule {
  const fields = record(entry, origin, at);
  return {
    from: textOf(fields.from, origin, `${at}.from`),
    to: textOf(fields.to, origin, `${at}.to`),
    ...transform(fields.transform, origin, at),
  };
}

function transform(value: unknown, origin: string, at: string): { readonly transform?: "transpose" } {
  if (value === undefined) return {};
  if (value !== "transpose") {
    throw new LongspanError("layout-invalid", `${origin}: ${at}.transform is ${JSON.stringify(value)}; "transpose" is the one there is.`);
  }
  return { transform: "transpose" };
}

function drop(entry: unknown, origin: string, at: string): DropRule {
  const fields = record(entry, origin, at);
  return { name: textOf(fields.name, origin, `${at}.name`), reason: textOf(fields.reason, origin, `${at}.reason`) };
}

function add(entry: unknown, origin: string, at: string): AddRule {
  const fields = record(entry, origin, at);
  return { ...drop(entry, origin, at), copyOf: textOf(fields.copyOf, origin, `${at}.copyOf`), ...transform(fields.transform, origin, at) };
}

function prefix(value: unknown, origin: string): string {
  const found = typeof value === "string" ? value : undefined;
  if (found === undefined || (found !== "" && !found.endsWith("."))) {
    throw new LongspanError(
      "layout-invalid",
      `${origin}: trunkPrefix is ${JSON.stringify(value)}; it is a text that ends with a dot, such as "longformer.".`,
    );
  }
  return found;
}

function textOf(value: unknown, origin: string, at: string): string {
  if (typeof value !== "string" || value === "")
    throw new LongspanError("layout-invalid", `${origin}: ${at} is ${JSON.stringify(value)}; expected a text.`);
  return value;
}

function flag(value: unknown, origin: string, at: string): boolean {
  if (typeof value !== "boolean")
    throw new LongspanError("layout-invalid", `${origin}: ${at} is ${JSON.stringify(value)}; expected true or false.`);
  return value;
}

function list(value: unknown, origin: string, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new LongspanError("layout-invalid", `${origin}: ${at} is ${JSON.stringify(value)}; expected a list.`);
  return value;
}

function record(value: unknown, origin: string, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new LongspanError("layout-invalid", `${origin}: ${at} is ${JSON.stringify(value)}; expected an object.`);
  return { ...value };
}
