import { LongspanError } from "../errors/longspan-error.ts";
import type { Rule } from "../adapter/layout.ts";
import { parsePattern, type Pattern, type Segment } from "./pattern.ts";

/** A rule with both sides parsed and their captures paired. */
export interface ParsedRule {
  /** As it was given. */
  readonly rule: Rule;
  /** The canonical side. */
  readonly from: Pattern;
  /** The layout's side. */
  readonly to: Pattern;
  /** Whether the two axes are swapped between the sides. */
  readonly transpose: boolean;
}

/**
 * Parses a rule and proves that it is one-to-one by itself: both sides have the same captures, of the same kind, and paired choices
 * list equally many names.
 * @throws LongspanError `layout-invalid` naming the rule.
 */
export function parseRule(rule: Rule): ParsedRule {
  if (rule.transform !== undefined && rule.transform !== "transpose") {
    throw wrong(rule, `transform "${String(rule.transform)}" is unknown; "transpose" is the one there is`);
  }
  const from = parsePattern(rule.from);
  const to = parsePattern(rule.to);
  const targets = capturesOf(to);
  for (const [name, segment] of capturesOf(from)) {
    const other = targets.get(name);
    if (other === undefined) throw wrong(rule, `{${name}} stands on the left only, so two names would become one`);
    if (other.kind !== segment.kind) throw wrong(rule, `{${name}} is a number on one side and a choice on the other`);
    // Stryker disable next-line ConditionalExpression,LogicalOperator: both are of one kind here; the compiler does not see it
    if (segment.kind === "choice" && other.kind === "choice" && segment.options.length !== other.options.length) {
      throw wrong(
        rule,
        `{${name}} lists ${segment.options.length} names on the left and ${other.options.length} on the right; they pair by position`,
      );
    }
    targets.delete(name);
  }
  const [left] = targets.keys();
  if (left !== undefined) throw wrong(rule, `{${left}} stands on the right only`);
  return { rule, from, to, transpose: rule.transform === "transpose" };
}

function capturesOf(pattern: Pattern): Map<string, Exclude<Segment, { kind: "literal" }>> {
  const captures = new Map<string, Exclude<Segment, { kind: "literal" }>>();
  for (const segment of pattern.segments) if (segment.kind !== "literal") captures.set(segment.capture, segment);
  return captures;
}

function wrong(rule: Rule, why: string): LongspanError {
  return new LongspanError("layout-invalid", `Rule "${rule.from}" → "${rule.to}": ${why}.`, { details: { from: rule.from, to: rule.to } });
}
