import type { Layout } from "../adapter/layout.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { isTrunkName } from "../longformer/spec.ts";
import { shownValue } from "../text/shown-value.ts";
import { indexPatterns, type PatternIndex } from "./pattern-index.ts";
import { parseRule, type ParsedRule } from "./parse-rule.ts";
import { fillPattern, matchPattern, parsePattern, type Pattern } from "./pattern.ts";

/** What a layout makes of one name in a file. */
export type Reading =
  | {
      readonly kind: "parameter";
      readonly canonicalName: string;
      readonly transpose: boolean;
      /** By one of the spellings that are only read. */
      readonly accepted: boolean;
    }
  /** A second name for a parameter's values. */
  | {
      readonly kind: "alias";
      readonly canonicalName: string;
      readonly transpose: boolean;
      /** Where the second name itself stands: a head's decoder repeats a trunk's embeddings. */
      readonly part: "trunk" | "head";
      readonly reason: string;
    }
  | { readonly kind: "drop"; readonly reason: string };

/** A layout whose rules have been read; whether they fit a model is for `compileLayout` to prove. */
export interface ParsedLayout {
  /** As it was given. */
  readonly layout: Layout;
  /** What is written before the trunk's names beside a head; "" for nothing. */
  readonly trunkPrefix: string;
  /** All rules whose left side fits a canonical name's segments: one, in a layout that is proved. */
  rulesFor(canonicalName: readonly string[]): readonly ParsedRule[];
  /** Whether these segments, without a prefix, are a trunk parameter's. */
  knowsTrunkName(name: readonly string[]): boolean;
  /** How many segments the trunk's names have, without a prefix. */
  readonly trunkDepths: readonly number[];
  /** How many segments the names of heads' parameters, and their second names, have, without a prefix. */
  readonly headDepths: readonly number[];
  /**
   * All readings of a name's segments, without its module prefix; several only where heads share a spelling (their parameters differ, so the
   * head decides). `part`: only rules for that part of the model are tried.
   */
  read(name: readonly string[], part: "trunk" | "head"): readonly Reading[];
}

/**
 * Parses a layout's text and proves what each rule shows by itself: that it is one-to-one. How the rules stand to each other and to
 * a model is proved by `compileLayout`.
 * @throws LongspanError `layout-invalid` naming the layout and the rules.
 */
export function parseLayout(layout: Layout): ParsedLayout {
  if (!Array.isArray(Object(layout).rules))
    throw new LongspanError("layout-invalid", `A layout is an object with a name and a list of rules; this is ${shownValue(layout)}.`);
  return inLayout(layout, () => {
    const rules = layout.rules.map((rule) => parseRule(rule));
    const accepts = (layout.accepts ?? []).map((rule) => parseRule(rule));
    const adds = (layout.adds ?? []).map((add) => ({
      ...parseRule({ from: add.copyOf, to: add.name, ...(add.transform === undefined ? {} : { transform: add.transform }) }),
      reason: add.reason,
    }));
    const known = [...rules.map((rule) => ({ rule, accepted: false })), ...accepts.map((rule) => ({ rule, accepted: true }))];
    const trunk = known.filter(({ rule }) => isTrunkName(rule.rule.from));
    const head = known.filter(({ rule }) => !isTrunkName(rule.rule.from));
    const headNames = [...head.map(({ rule }) => rule.to), ...adds.filter(({ rule }) => !isTrunkName(rule.to)).map(({ to }) => to)];
    const drops = (layout.drops ?? []).map((drop) => ({ pattern: parsePattern(drop.name), reason: drop.reason }));
    const writers = indexPatterns(rules, ({ from }) => from);
    const readers: ReadingRules = {
      trunk: indexPatterns(trunk, ({ rule }) => rule.to),
      head: indexPatterns(head, ({ rule }) => rule.to),
      adds,
      drops,
    };
    return {
      layout,
      trunkPrefix: layout.trunkPrefix ?? "",
      rulesFor: (canonicalName) => writers.find(canonicalName),
      knowsTrunkName: (name) => readers.trunk.find(name).length > 0,
      trunkDepths: [...new Set(trunk.map(({ rule }) => rule.to.segments.length))],
      headDepths: [...new Set(headNames.map(({ segments }) => segments.length))],
      read: (name, part) => readName(readers, name, part),
    };
  });
}

/** Says which layout an error is about. */
export function inLayout<Result>(layout: Layout, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!LongspanError.isInstance(error) || error.code !== "layout-invalid") throw error;
    throw new LongspanError("layout-invalid", `Layout "${layout.name}": ${error.message}`, {
      cause: error,
      details: { ...error.details, layout: layout.name },
    });
  }
}

interface KnownSpelling {
  readonly rule: ParsedRule;
  readonly accepted: boolean;
}

interface ReadingRules {
  readonly trunk: PatternIndex<KnownSpelling>;
  readonly head: PatternIndex<KnownSpelling>;
  readonly adds: readonly (ParsedRule & { readonly reason: string })[];
  readonly drops: readonly { readonly pattern: Pattern; readonly reason: string }[];
}

function readName({ adds, drops, ...known }: ReadingRules, name: readonly string[], part: "trunk" | "head"): Reading[] {
  const readings: Reading[] = [];
  for (const { rule, accepted } of known[part].find(name)) {
    const captures = matchPattern(rule.to, name);
    // Stryker disable next-line ConditionalExpression: the index finds what matches, and nothing else
    if (captures === undefined) continue;
    const canonicalName = fillPattern(rule.from, captures);
    // Stryker disable next-line ConditionalExpression: so far, all are
    if (!readings.some((reading) => reading.kind === "parameter" && reading.canonicalName === canonicalName)) {
      readings.push({ kind: "parameter", canonicalName, transpose: rule.transpose, accepted });
    }
  }
  for (const add of adds) {
    // An alias stands where its own name says (a head's `lm_head.decoder.weight`), not where the parameter it repeats lies.
    if (isTrunkName(add.rule.to) !== (part === "trunk")) continue;
    const captures = matchPattern(add.to, name);
    if (captures !== undefined)
      readings.push({ kind: "alias", canonicalName: fillPattern(add.from, captures), transpose: add.transpose, part, reason: add.reason });
  }
  if (readings.length === 0) {
    const drop = drops.find(({ pattern }) => matchPattern(pattern, name) !== undefined);
    if (drop !== undefined) readings.push({ kind: "drop", reason: drop.reason });
  }
  return readings;
}
