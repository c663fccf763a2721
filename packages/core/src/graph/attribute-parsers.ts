import type { AttributeParser, AttributeValue } from "./attributes.ts";
import { isDimension, isSymbolName, type Dimension } from "./dimension.ts";
import { isGraphDataType, type GraphDataType } from "./value.ts";

export const nonNegativeInteger: AttributeParser<number> = {
  expects: "an integer, 0 or more",
  parse: (value) => (isInteger(value) && value >= 0 ? value : undefined),
};

export const positiveNumber: AttributeParser<number> = {
  expects: "a number above 0",
  parse: (value) => (typeof value === "number" && value > 0 && Number.isFinite(value) ? value : undefined),
};

export const finiteNumber: AttributeParser<number> = {
  expects: "a finite number",
  parse: (value) => (typeof value === "number" && Number.isFinite(value) ? value : undefined),
};

export const positiveInteger: AttributeParser<number> = {
  expects: "an integer above 0",
  parse: (value) => (isInteger(value) && value > 0 ? value : undefined),
};

export const integer: AttributeParser<number> = {
  expects: "an integer",
  parse: (value) => (isInteger(value) ? value : undefined),
};

export const flag: AttributeParser<boolean> = {
  expects: "true or false",
  parse: (value) => (typeof value === "boolean" ? value : undefined),
};

export const dimension: AttributeParser<Dimension> = {
  expects: "a dimension: an integer or an expression over symbols",
  parse: (value) => (isDimension(value) ? value : undefined),
};

export const shape: AttributeParser<readonly Dimension[]> = {
  expects: "a list of dimensions",
  parse: (value) => (isList(value) && value.every(isDimension) ? value : undefined),
};

export const symbolName: AttributeParser<string> = {
  expects: "a symbol's name",
  parse: (value) => (typeof value === "string" && isSymbolName(value) ? value : undefined),
};

export const numberList: AttributeParser<readonly number[]> = {
  expects: "a list of finite numbers",
  parse: (value) =>
    isList(value) && value.every((item): item is number => typeof item === "number" && Number.isFinite(item)) ? value : undefined,
};

export const dataType: AttributeParser<GraphDataType> = {
  expects: "float32, int32 or bool",
  parse: (value) => (isGraphDataType(value) ? value : undefined),
};

export function oneOf<Choice extends string>(...choices: readonly Choice[]): AttributeParser<Choice> {
  return { expects: `one of ${choices.join(", ")}`, parse: (value) => choices.find((choice) => choice === value) };
}

export function optional<Type>(parser: AttributeParser<Type>): AttributeParser<Type> & { readonly optional: true } {
  return { ...parser, optional: true };
}

function isInteger(value: AttributeValue): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}

function isList(value: AttributeValue): value is readonly (number | string)[] {
  return Array.isArray(value);
}
