import { LongspanError } from "../errors/longspan-error.ts";

/**
 * One size in a shape: a number, or an expression over symbols that get their numbers when a graph runs, in its one canonical
 * spelling: `sequence`, `batch*choices`, `4*ceil(sequence/4)+8`. Equal dimensions are equal strings.
 *
 *     expression = ["-"] product { ("+" | "-") product }
 *     product    = factor { "*" factor }
 *     factor     = integer | symbol | "ceil(" (product | "(" expression ")") "/" integer ")"
 */
export type Dimension = number | string;

/** Dimensions from the outermost to the innermost; `[]` is a scalar. */
export type Shape = readonly Dimension[];

/** The numbers of the symbols, for one run. */
export type DimensionBindings = ReadonlyMap<string, number>;

/** A dimension is a sum of these: `coefficient` × all `factors`. */
export interface DimensionTerm {
  /** An integer; with no factors, the term is this number. */
  readonly coefficient: number;
  /** What it is multiplied by. */
  readonly factors: readonly DimensionFactor[];
}

/** A symbol, or `ceil(dividend / divisor)`. */
export type DimensionFactor =
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "ceiling"; readonly dividend: Dimension; readonly divisor: number };

/** Far longer than any real expression; bounds the work and the nesting of one from a file. */
const maxExpressionLength = 256;

/** The terms of a dimension, for code that must compute it elsewhere (an exporter, a shader). */
export function dimensionTerms(dimension: Dimension): readonly DimensionTerm[] {
  if (typeof dimension !== "number") return parse(dimension);
  if (!Number.isSafeInteger(dimension)) throw malformed(String(dimension), "a dimension is an integer");
  return dimension === 0 ? [] : [{ coefficient: dimension, factors: [] }];
}

/** Whether it is an integer, 0 or more, or an expression in canonical spelling. */
export function isDimension(value: unknown): value is Dimension {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0;
  if (typeof value !== "string") return false;
  if (parsedExpressions.has(value)) return true;
  try {
    const terms = parse(value);
    if (spell(terms) !== value) return false;
    if (parsedExpressions.size < maxRemembered) parsedExpressions.set(value, terms);
    return true;
  } catch (error) {
    if (LongspanError.isInstance(error)) return false;
    throw error;
  }
}

export function isSymbolName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== "ceil" && name.length <= 64;
}

/** The sum of dimensions, simplified. */
export function addDimensions(...dimensions: readonly Dimension[]): Dimension {
  return remembered("+", dimensions, () => spell(collect(dimensions.flatMap(dimensionTerms))));
}

/** The difference of two dimensions, simplified. */
export function subtractDimensions(left: Dimension, right: Dimension): Dimension {
  return addDimensions(left, multiplyDimensions(right, -1));
}

/** The product of dimensions, simplified. */
export function multiplyDimensions(...dimensions: readonly Dimension[]): Dimension {
  return remembered("*", dimensions, () => {
    let product: readonly DimensionTerm[] = [{ coefficient: 1, factors: [] }];
    for (const dimension of dimensions) {
      const terms = dimensionTerms(dimension);
      product = collect(
        product.flatMap((left) =>
          terms.map((right) => ({ coefficient: left.coefficient * right.coefficient, factors: [...left.factors, ...right.factors] })),
        ),
      );
    }
    return spell(product);
  });
}

/** `ceil(dividend / divisor)`; exact where every coefficient is a multiple of the divisor. */
export function divideDimensionUp(dividend: Dimension, divisor: number): Dimension {
  if (!Number.isSafeInteger(divisor) || divisor < 1) throw malformed(String(divisor), "a divisor is an integer, 1 or more");
  // Adding 0 makes a minus zero, which rounding up may give, a zero.
  if (typeof dividend === "number") return Math.ceil(dividend / divisor) + 0;
  const terms = dimensionTerms(dividend);
  if (terms.every((term) => term.coefficient % divisor === 0)) {
    return spell(terms.map((term) => ({ ...term, coefficient: term.coefficient / divisor })));
  }
  return spell([{ coefficient: 1, factors: [{ kind: "ceiling", dividend, divisor }] }]);
}

/** Every symbol in a dimension. */
export function dimensionSymbols(dimension: Dimension): readonly string[] {
  if (typeof dimension === "number") return [];
  if (isSymbolName(dimension)) return [dimension];
  const symbols = dimensionTerms(dimension).flatMap((term) =>
    term.factors.flatMap((factor) => (factor.kind === "symbol" ? [factor.name] : dimensionSymbols(factor.dividend))),
  );
  return [...new Set(symbols)];
}

/** A dimension as a number. @throws LongspanError `argument-invalid` naming a symbol without a number. */
export function evaluateDimension(dimension: Dimension, bindings: DimensionBindings): number {
  if (typeof dimension === "number") return dimension;
  const direct = bindings.get(dimension);
  if (direct !== undefined) return direct;
  let sum = 0;
  for (const { coefficient, factors } of dimensionTerms(dimension)) {
    let product = coefficient;
    for (const factor of factors) {
      product *=
        factor.kind === "symbol"
          ? symbolValue(factor.name, bindings)
          : Math.ceil(evaluateDimension(factor.dividend, bindings) / factor.divisor);
    }
    sum += product;
  }
  return sum;
}

/** A shape in numbers. @throws LongspanError as `evaluateDimension`. */
export function evaluateShape(shape: Shape, bindings: DimensionBindings): readonly number[] {
  return shape.map((dimension) => evaluateDimension(dimension, bindings));
}

/** Gives each axis that is a symbol, and has no number yet, the size found there. */
export function bindSymbols(shape: Shape, found: readonly number[], bindings: Map<string, number>): void {
  for (const [axis, size] of shape.entries()) {
    if (typeof size === "string" && !bindings.has(size) && isSymbolName(size)) bindings.set(size, found[axis] ?? 0);
  }
}

/** The number of elements of a shape, as a dimension. */
export function shapeSize(shape: Shape): Dimension {
  return multiplyDimensions(...shape);
}

/** Whether two shapes are the same expressions, axis by axis. */
export function sameShape(left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((dimension, axis) => dimension === right[axis]);
}

/** `[batch, sequence, 16]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

function symbolValue(name: string, bindings: DimensionBindings): number {
  const value = bindings.get(name);
  if (value === undefined)
    throw new LongspanError("argument-invalid", `The dimension "${name}" has no number here.`, { details: { dimension: name } });
  return value;
}

/** Sums terms with the same factors and orders everything, so that equal dimensions end up spelled alike. */
function collect(terms: readonly DimensionTerm[]): readonly DimensionTerm[] {
  const byFactors = new Map<string, DimensionTerm>();
  for (const term of terms) {
    const factors = term.factors.toSorted((left, right) => compareText(spellFactor(left), spellFactor(right)));
    const key = factors.map(spellFactor).join("*");
    byFactors.set(key, { coefficient: (byFactors.get(key)?.coefficient ?? 0) + term.coefficient, factors });
  }
  const kept = [...byFactors].filter(([, term]) => term.coefficient !== 0);
  // Numbers alone come last: "sequence+2".
  return kept.toSorted(([left], [right]) => Number(left === "") - Number(right === "") || compareText(left, right)).map(([, term]) => term);
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function spell(terms: readonly DimensionTerm[]): Dimension {
  const [first] = terms;
  if (first === undefined) return 0;
  if (terms.length === 1 && first.factors.length === 0) return first.coefficient;
  return terms.map((term, index) => spellTerm(term, index === 0)).join("");
}

function spellTerm({ coefficient, factors }: DimensionTerm, isFirst: boolean): string {
  const size = Math.abs(coefficient);
  const parts = factors.map(spellFactor);
  if (size !== 1 || parts.length === 0) parts.unshift(String(size));
  return (coefficient < 0 ? "-" : isFirst ? "" : "+") + parts.join("*");
}

function spellFactor(factor: DimensionFactor): string {
  if (factor.kind === "symbol") return factor.name;
  const inner = String(factor.dividend);
  return `ceil(${/[-+*]/.test(inner) ? `(${inner})` : inner}/${factor.divisor})`;
}

function malformed(text: string, expected: string): LongspanError {
  return new LongspanError("graph-invalid", `The dimension "${text.slice(0, maxExpressionLength)}" cannot be read: ${expected}.`, {
    details: { dimension: text },
  });
}

/** Graphs say the same few dimensions again and again: their terms, and the results of adding and multiplying them, are kept. */
const parsedExpressions = new Map<string, readonly DimensionTerm[]>();
const knownResults = new Map<string, Dimension>();
const maxRemembered = 4096;

function remembered(sign: string, dimensions: readonly Dimension[], compute: () => Dimension): Dimension {
  const key = `${sign} ${dimensions.join(" ")}`;
  const known = knownResults.get(key);
  if (known !== undefined) return known;
  const result = compute();
  if (knownResults.size < maxRemembered && key.length <= maxExpressionLength) knownResults.set(key, result);
  return result;
}

function parse(text: string): readonly DimensionTerm[] {
  const known = parsedExpressions.get(text);
  if (known !== undefined) return known;
  if (text.length > maxExpressionLength) throw malformed(text, `at most ${maxExpressionLength} characters`);
  const tokens = text.match(/[A-Za-z_][A-Za-z0-9_]*|\d+|\S/g) ?? [];
  const parser = new DimensionParser(text, tokens);
  const terms = parser.expression();
  if (!parser.atEnd) throw malformed(text, "an operator or the end was expected");
  return terms;
}

class DimensionParser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #position = 0;

  constructor(text: string, tokens: readonly string[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#position === this.#tokens.length;
  }

  expression(): readonly DimensionTerm[] {
    const terms = [this.#product(this.#take("-") ? -1 : 1)];
    while (this.#peek() === "+" || this.#peek() === "-") terms.push(this.#product(this.#next() === "-" ? -1 : 1));
    return collect(terms);
  }

  #product(sign: number): DimensionTerm {
    let coefficient = sign;
    const factors: DimensionFactor[] = [];
    do {
      const token = this.#next();
      if (token === "ceil") factors.push(this.#ceiling());
      else if (isSymbolName(token)) factors.push({ kind: "symbol", name: token });
      else coefficient *= this.#integer(token);
    } while (this.#take("*"));
    return { coefficient, factors };
  }

  #ceiling(): DimensionFactor {
    this.#expect("(");
    const grouped = this.#take("(");
    const dividend = spell(grouped ? this.expression() : collect([this.#product(1)]));
    if (grouped) this.#expect(")");
    this.#expect("/");
    const divisor = this.#integer(this.#next());
    this.#expect(")");
    const factor: DimensionFactor = { kind: "ceiling", dividend, divisor };
    if (divideDimensionUp(dividend, divisor) !== spellFactor(factor))
      throw malformed(this.#text, "a division that comes out even is written out");
    return factor;
  }

  #integer(token: string): number {
    const value = /^\d+$/.test(token) ? Number(token) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw malformed(this.#text, `a symbol or an integer was expected, not "${token}"`);
    return value;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  #next(): string {
    const token = this.#peek();
    if (token === undefined) throw malformed(this.#text, "it ends too early");
    this.#position++;
    return token;
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#position++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw malformed(this.#text, `"${token}" was expected`);
  }
}
