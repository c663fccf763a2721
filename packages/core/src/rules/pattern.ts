import { LongspanError } from "../errors/longspan-error.ts";

/** One dotted segment of a pattern. */
export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  /** Decimal digits without leading zeros. */
  | { readonly kind: "integer"; readonly capture: string }
  | { readonly kind: "choice"; readonly capture: string; readonly options: readonly string[] };

/** What a pattern's captures hold: an integer's digits, or a choice's position in its list. */
export type Captures = ReadonlyMap<string, string | number>;

/** A name of a rule, cut at its dots. */
export interface Pattern {
  /** As it was given. */
  readonly text: string;
  /** What stands between the dots. */
  readonly segments: readonly Segment[];
}

const captureSegment = /^\{([A-Za-z][A-Za-z0-9]*)(?::([^{}]*))?\}$/;
const literalSegment = /^[^{}|*\s]+$/;
const integerText = /^(?:0|[1-9][0-9]{0,8})$/;

/** Whether an integer capture takes this segment. */
export function isIntegerSegment(segment: string): boolean {
  return integerText.test(segment);
}

/** @throws LongspanError `layout-invalid` naming the pattern and the segment. */
export function parsePattern(text: string): Pattern {
  const seen = new Set<string>();
  const segments = text.split(".").map((part): Segment => {
    const capture = captureSegment.exec(part);
    if (capture === null) {
      if (!literalSegment.test(part))
        throw wrong(text, part, "what stands between two dots is a name, {i}, or {p:one|two}, and no mixture of them");
      return { kind: "literal", text: part };
    }
    const [, name = "", list] = capture;
    if (seen.has(name)) throw wrong(text, part, `{${name}} stands twice`);
    seen.add(name);
    if (list === undefined) return { kind: "integer", capture: name };
    const options = list.split("|");
    if (options.some((option) => !literalSegment.test(option))) throw wrong(text, part, "a choice lists names separated by |");
    if (new Set(options).size !== options.length) throw wrong(text, part, "a choice lists a name twice");
    return { kind: "choice", capture: name, options };
  });
  return { text, segments };
}

/** How many places in an index a pattern of this text takes: a choice stands for each of its names, two of them for each pair. */
export function namesOfPattern(text: string): number {
  return text.split(".").reduce((names, segment) => names * segment.split("|").length, 1);
}

/** The captures of a name that the whole pattern fits, or undefined. */
export function matchPattern(pattern: Pattern, name: readonly string[]): Captures | undefined {
  if (name.length !== pattern.segments.length) return undefined;
  const captures = new Map<string, string | number>();
  for (const [index, segment] of pattern.segments.entries()) {
    const part = name[index] ?? "";
    if (segment.kind === "literal") {
      if (segment.text !== part) return undefined;
    } else if (segment.kind === "integer") {
      if (!integerText.test(part)) return undefined;
      captures.set(segment.capture, part);
    } else {
      const position = segment.options.indexOf(part);
      if (position < 0) return undefined;
      captures.set(segment.capture, position);
    }
  }
  return captures;
}

/** The name a pattern has with these captures. */
export function fillPattern(pattern: Pattern, captures: Captures): string {
  return pattern.segments
    .map((segment) => {
      if (segment.kind === "literal") return segment.text;
      const value = captures.get(segment.capture);
      return segment.kind === "choice" ? (segment.options[Number(value)] ?? "") : String(value);
    })
    .join(".");
}

function wrong(pattern: string, part: string, why: string): LongspanError {
  return new LongspanError("layout-invalid", `Pattern "${pattern}", segment "${part}": ${why}.`, { details: { pattern, segment: part } });
}
