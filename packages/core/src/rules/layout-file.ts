import type { AddRule, DropRule, Layout, Rule } from "../adapter/layout.ts";
import { memoryBudget, memoryCosts, type OpenLimits } from "../accounting/memory-budget.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { parseJson } from "../json/parse-json.ts";
import { shownValue } from "../text/shown-value.ts";
import { parseLayout } from "./parse-layout.ts";
import { namesOfPattern } from "./pattern.ts";

/** The layout file's version. Schema: `schema/layout-1.schema.json` in this package. */
const layoutFileVersion = 1;

const knownKeys = ["$schema", "version", "name", "description", "trunkPrefix", "prefixesBareTrunk", "rules", "accepts", "drops", "adds"];
const reservedKeys: ReadonlySet<string> = new Set(["splits", "merges"]);

/**
 * Reads a layout that a user wrote as JSON: the same text as in TypeScript, with `"version": 1`.
 * @throws LongspanError `layout-invalid` naming the file and the key; `limit-exceeded` for one that would take more memory than the limits allow
 */
export function parseLayoutFile(text: string, origin: string, limits?: OpenLimits): Layout {
  const budget = memoryBudget(origin, text.length, limits);
  const raw = parseJson(new TextEncoder().encode(text), { name: origin, code: "layout-invalid", budget });
  const file = record(raw, origin, "the file");
  if (file.version !== layoutFileVersion) {
    throw new LongspanError(
      "layout-invalid",
      `${origin} says version ${shownValue(file.version)}; this Longspan reads version ${layoutFileVersion}.`,
    );
  }
  for (const key of Object.keys(file)) {
    if (reservedKeys.has(key))
      throw new LongspanError(
        "layout-invalid",
        `${origin}: "${key}" is reserved for a later version; one rule maps one tensor to one tensor.`,
      );
    if (!knownKeys.includes(key))
      throw new LongspanError("layout-invalid", `${origin}: unknown key ${shownValue(key)}. Known: ${knownKeys.join(", ")}.`);
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
  // Parsed and indexed it takes far more than its text, and a choice of names stands for each of them.
  for (const { from, to } of [...layout.rules, ...(layout.accepts ?? [])]) {
    budget.spend(memoryCosts.rule + memoryCosts.ruleName * (namesOfPattern(from) + namesOfPattern(to)));
  }
  budget.spend(memoryCosts.rule * ((layout.drops?.length ?? 0) + (layout.adds?.length ?? 0)));
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
    throw new LongspanError("layout-invalid", `${origin}: ${at}.transform is ${shownValue(value)}; "transpose" is the one there is.`);
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
      `${origin}: trunkPrefix is ${shownValue(value)}; it is a text that ends with a dot, such as "longformer.".`,
    );
  }
  return found;
}

function textOf(value: unknown, origin: string, at: string): string {
  if (typeof value !== "string" || value === "")
    throw new LongspanError("layout-invalid", `${origin}: ${at} is ${shownValue(value)}; expected a text.`);
  return value;
}

function flag(value: unknown, origin: string, at: string): boolean {
  if (typeof value !== "boolean")
    throw new LongspanError("layout-invalid", `${origin}: ${at} is ${shownValue(value)}; expected true or false.`);
  return value;
}

function list(value: unknown, origin: string, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new LongspanError("layout-invalid", `${origin}: ${at} is ${shownValue(value)}; expected a list.`);
  return value;
}

function record(value: unknown, origin: string, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new LongspanError("layout-invalid", `${origin}: ${at} is ${shownValue(value)}; expected an object.`);
  return { ...value };
}
