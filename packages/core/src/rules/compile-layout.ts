import type { Layout } from "../adapter/layout.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { LongformerSpec, ParameterSpec } from "../longformer/spec.ts";
import { isTrunkName } from "../longformer/spec.ts";
import { layoutOfHead } from "./layout-of-head.ts";
import { inLayout, parseLayout, type ParsedLayout } from "./parse-layout.ts";
import type { ParsedRule } from "./parse-rule.ts";
import { fillPattern, matchPattern } from "./pattern.ts";

/** How one parameter is written in a layout. */
export interface WrittenParameter {
  /** Its canonical name, shape and part. */
  readonly parameter: ParameterSpec;
  /** The full name, trunk prefix included. */
  readonly name: string;
  /** Its shape there: swapped when transposed. */
  readonly shape: readonly number[];
  /** Whether its two axes are swapped against the canonical orientation. */
  readonly transpose: boolean;
}

/** A layout proved for one spec: a bijection between its parameters and names. */
export interface CompiledLayout {
  /** As it was given. */
  readonly layout: Layout;
  /** What it was proved for. */
  readonly spec: LongformerSpec;
  /** In the spec's order. */
  readonly parameters: readonly WrittenParameter[];
  /** How a parameter is written, by its canonical name; undefined for none. */
  ofCanonical(canonicalName: string): WrittenParameter | undefined;
  /** The parameter of a written name, trunk prefix included; undefined for none. */
  ofWritten(name: string): WrittenParameter | undefined;
  /** Tied names a file of this layout may carry beside the parameters. */
  readonly aliases: readonly { readonly name: string; readonly of: string; readonly reason: string }[];
}

/**
 * Proves a layout for a spec, once: every parameter has exactly one rule (total), no two parameters share a name (injective), each
 * name leads back to its parameter and orientation (exact inverse), no other spelling of the layout claims it for another
 * parameter, and only matrices are transposed.
 * @throws LongspanError `layout-invalid` naming the layout, the rules and the parameter.
 */
export function compileLayout(given: Layout, spec: LongformerSpec): CompiledLayout {
  const layout = layoutOfHead(given, spec.head);
  const parsed = parseLayout(layout);
  return inLayout(layout, () => {
    const prefix = spec.head === "model" && layout.prefixesBareTrunk !== true ? "" : parsed.trunkPrefix;
    const byCanonical = new Map<string, WrittenParameter>();
    const byName = new Map<string, { written: WrittenParameter; rule: ParsedRule }>();
    for (const parameter of spec.parameters) {
      const { rule, name } = spelling(parsed, parameter, prefix, spec);
      if (rule.transpose && parameter.shape.length !== 2) {
        throw invalid(
          `rule "${rule.rule.from}" → "${rule.rule.to}" transposes "${parameter.name}", which is no matrix (shape [${parameter.shape.join(", ")}])`,
          { parameter: parameter.name },
        );
      }
      const twin = byName.get(name);
      if (twin !== undefined) {
        throw invalid(
          `the rules "${twin.rule.rule.from}" → "${twin.rule.rule.to}" and "${rule.rule.from}" → "${rule.rule.to}" both write "${name}", for the parameters "${twin.written.parameter.name}" and "${parameter.name}"`,
          { rules: [twin.rule.rule, rule.rule], parameter: parameter.name },
        );
      }
      const shape = rule.transpose ? parameter.shape.toReversed() : parameter.shape;
      const written: WrittenParameter = { parameter, name, shape, transpose: rule.transpose };
      byCanonical.set(parameter.name, written);
      byName.set(name, { written, rule });
    }
    for (const { written, rule } of byName.values()) proveInverse(parsed, spec, written, rule, prefix);
    const modules = new Set(
      [...byName.values()].filter(({ written }) => written.parameter.part === "head").map(({ written }) => firstSegment(written.name)),
    );
    const aliases = (layout.adds ?? [])
      // A transposed copy shares no storage: it is only read. A tied decoder stands in the head that has one, not beside every trunk.
      .filter(
        (add) =>
          add.transform === undefined &&
          byCanonical.has(add.copyOf) &&
          !byName.has(add.name) &&
          (isTrunkName(add.name) || modules.has(firstSegment(add.name))),
      )
      .map((add) => ({ name: (isTrunkName(add.name) ? prefix : "") + add.name, of: add.copyOf, reason: add.reason }));
    return {
      layout,
      spec,
      parameters: [...byCanonical.values()],
      ofCanonical: (canonicalName) => byCanonical.get(canonicalName),
      ofWritten: (name) => byName.get(name)?.written,
      aliases,
    };
  });
}

function firstSegment(name: string): string {
  return name.split(".", 1)[0] ?? name;
}

function spelling(
  parsed: ParsedLayout,
  parameter: ParameterSpec,
  prefix: string,
  spec: LongformerSpec,
): { rule: ParsedRule; name: string } {
  const segments = parameter.name.split(".");
  const [rule, other] = parsed.rulesFor(segments);
  const captures = rule === undefined ? undefined : matchPattern(rule.from, segments);
  // Stryker disable next-line ConditionalExpression,LogicalOperator: the index finds what matches, so there are both or neither
  if (rule === undefined || captures === undefined) {
    throw uncovered(parameter, spec);
  }
  if (other !== undefined) {
    throw invalid(
      `the rules "${rule.rule.from}" → "${rule.rule.to}" and "${other.rule.from}" → "${other.rule.to}" both claim the parameter "${parameter.name}"; each parameter needs exactly one`,
      { rules: [rule.rule, other.rule], parameter: parameter.name },
    );
  }
  return { rule, name: (isTrunkName(parameter.name) ? prefix : "") + fillPattern(rule.to, captures) };
}

/** What a model has and a layout has no place for: in words of the model, where it is one of its peculiarities. */
function uncovered({ name }: ParameterSpec, { head, config }: LongformerSpec): LongspanError {
  const isUntied = head === "masked-lm" && !config.tieWordEmbeddings && name.startsWith("lm_head.decoder.");
  return invalid(
    isUntied
      ? `there is no place for "${name}". The decoder of this masked language model is not tied to its word embeddings (tie_word_embeddings is false in its configuration), so that it has a weight and a bias of its own, and files of this layout hold a tied one only. Choose another target or another layout (--layout, option layout), such as hf. If the decoder has the embeddings' values all the same, say so with a configuration in which tie_word_embeddings is true (--config, option config): that is checked, and the decoder left out`
      : `no rule covers the parameter "${name}". Add a rule whose left side fits it, or take a layout that has one`,
    { parameter: name },
  );
}

/** Reading the written name, with the rules and with the other spellings, must give this parameter and this orientation only. */
function proveInverse(parsed: ParsedLayout, spec: LongformerSpec, written: WrittenParameter, rule: ParsedRule, prefix: string): void {
  const part = isTrunkName(written.parameter.name) ? "trunk" : "head";
  const bare = part === "trunk" ? written.name.slice(prefix.length) : written.name;
  for (const reading of parsed.read(bare.split("."), part)) {
    // Stryker disable next-line ConditionalExpression,StringLiteral: what is written is read, and never left out; only a parameter has a name
    if (reading.kind === "drop" || spec.parameter(reading.canonicalName) === undefined) continue;
    if (reading.kind === "alias" || (reading.canonicalName === written.parameter.name && reading.transpose === rule.transpose)) continue;
    throw invalid(
      `"${written.name}" is written for "${written.parameter.name}" by rule "${rule.rule.from}" → "${rule.rule.to}", but another spelling reads it as "${reading.canonicalName}"${reading.transpose === rule.transpose ? "" : " with another orientation"}`,
      { parameter: written.parameter.name, rules: [rule.rule] },
    );
  }
}

function invalid(why: string, details: Readonly<Record<string, unknown>>): LongspanError {
  return new LongspanError("layout-invalid", `${why}.`, { details });
}
