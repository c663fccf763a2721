import type { Layout, Rule } from "../adapter/layout.ts";
import type { AnyHead } from "../longformer/head-definition.ts";
import type { ParameterDraft } from "../longformer/parameter-draft.ts";
import { parseLayout, type ParsedLayout } from "./parse-layout.ts";
import { fillPattern, matchPattern } from "./pattern.ts";

/** A parameter of the standard heads or of the trunk for each role, whose last segment and orientation others of that role follow. */
const examples: Readonly<Record<ParameterDraft["role"], string>> = {
  linear: "classifier",
  bias: "classifier",
  normalization: "lm_head.layer_norm",
  embedding: "embeddings.token_type_embeddings",
};

/**
 * A layout that also has rules for the parameters of a head of the caller's own: module names as they are, and what a layout does with all parameters
 * of a role (`weight` or `kernel`, transposed or not) as it does it with the standard heads'. Those that the layout's rules cover already stay theirs.
 */
export function layoutOfHead(layout: Layout, head: AnyHead): Layout {
  if (typeof head === "string") return layout;
  const parsed = parseLayout(layout);
  const rules = head
    .parameters({ hiddenSize: 1, vocabSize: 1, labels: 1, tieWordEmbeddings: false })
    .filter(({ name }) => parsed.rulesFor(name.split(".")).length === 0)
    .map((parameter) => ruleFor(parameter, parsed));
  return rules.length === 0 ? layout : { ...layout, rules: [...layout.rules, ...rules] };
}

function ruleFor({ name, role }: ParameterDraft, parsed: ParsedLayout): Rule {
  const cut = name.lastIndexOf(".");
  const same: Rule = { from: name, to: name };
  if (cut === -1) return same;
  const example = [...examples[role].split("."), name.slice(cut + 1)];
  const [rule] = parsed.rulesFor(example);
  const captures = rule === undefined ? undefined : matchPattern(rule.from, example);
  // Stryker disable next-line ConditionalExpression,LogicalOperator: the index finds what matches, so there are both or neither
  if (rule === undefined || captures === undefined) return same;
  const spelled = fillPattern(rule.to, captures);
  return {
    from: name,
    to: name.slice(0, cut + 1) + spelled.slice(spelled.lastIndexOf(".") + 1),
    ...(rule.transpose ? { transform: "transpose" } : {}),
  };
}
