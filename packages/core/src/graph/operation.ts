import { parseAttributes, type AttributeParsers, type Attributes, type GivenAttributes, type ParsedAttributes } from "./attributes.ts";
import type { DimensionBindings } from "./dimension.ts";
import { formatType, type GraphDataType, type GraphTensor, type Value, type ValueType } from "./value.ts";

/** One input of an operation. */
export interface Operand {
  /** Those it may have. */
  readonly dataTypes: readonly GraphDataType[];
  /** `optional`: the last one, which may be left out; `repeated`: the last one, given once or more. */
  readonly count?: "optional" | "repeated";
}

/**
 * A symbol whose number an operation finds while it runs, and what that number is. Equal meanings are the same dimension. One of the
 * operation's outputs has the symbol itself as an axis.
 */
export interface IntroducedDimension {
  /** The name that shapes use from here on. */
  readonly symbol: string;
  /** What it counts, in words. */
  readonly meaning: string;
}

/** One attribute of an operation. */
export interface AttributeDescription {
  /** The attribute's key. */
  readonly name: string;
  /** What it has to be, in words: `an integer above 0`. */
  readonly expects: string;
  /** Whether it may be left out. */
  readonly optional: boolean;
}

declare const takes: unique symbol;

/**
 * An operation of the graph: what is legal, which types come out, and its meaning in plain TypeScript. Everything that executes,
 * exports or checks graphs goes by this.
 *
 * For the compiler it also says what a node takes: `Operation<[x: Value, bias?: Value], { axis: number }>`, so that a wrong number of
 * inputs or a wrong attribute does not compile. A plain `Operation` says nothing of it; both are checked when the node is made.
 */
export interface Operation<Inputs extends readonly (Value | undefined)[] = never, Given extends object = never> {
  /** Never there: for the compiler alone. */
  readonly [takes]?: (inputs: Inputs, attributes: Given) => void;
  /** Camel case, by which nodes name it. */
  readonly name: string;
  /** What it computes, in one line. */
  readonly formula: string;
  /** In the order of a node's inputs. */
  readonly operands: readonly (Operand & { readonly name: string })[];
  /** In the order of the definition. */
  readonly attributes: readonly AttributeDescription[];
  /** What has to hold of a node beside the number, data types and attributes, each in words. */
  readonly rules: readonly string[];
  /** The first broken rule in words, or undefined when a node with such inputs and attributes is legal. */
  check(inputs: readonly ValueType[], attributes: Attributes): string | undefined;
  /** The types of the outputs of a legal node. */
  outputTypes(inputs: readonly ValueType[], attributes: Attributes): readonly ValueType[];
  /** The dimensions that its outputs bring into the graph. `inputs` are names of values. */
  introduces(inputs: readonly string[], attributes: Attributes): readonly IntroducedDimension[];
  /** The outputs of a legal node, from tensors in C order: the truth for every runtime. `dimensions` are the numbers of the symbols so far. */
  evaluate(inputs: readonly GraphTensor[], attributes: Attributes, dimensions: DimensionBindings): readonly GraphTensor[];
}

/** An operation's operands by name, in the order of a node's inputs. */
type Operands = Readonly<Record<string, Operand>>;

/** What stands for each operand: one thing, a list of them when repeated, perhaps undefined when optional. */
type ForEach<All extends Operands, Things extends { [Name in keyof All]: unknown }> = {
  readonly [Name in keyof All]: All[Name] extends { readonly count: "optional" }
    ? Things[Name] | undefined
    : All[Name] extends { readonly count: "repeated" }
      ? readonly Things[Name][]
      : Things[Name];
};

/** Types, one for each operand. */
export type OperandTypes<All extends Operands> = ForEach<All, { [Name in keyof All]: ValueType }>;

/** Names of values, one for each operand. */
export type OperandNames<All extends Operands> = ForEach<All, { [Name in keyof All]: string }>;

/** Values, one for each operand, in the data types it takes. */
export type OperandTensors<All extends Operands> = ForEach<
  All,
  { [Name in keyof All]: Extract<GraphTensor, { dataType: All[Name]["dataTypes"][number] }> }
>;

/** The values a node takes, one for each operand, as the compiler sees them. Only their number matters: each is a `Value`. */
export type OperandValues<All extends Operands> = readonly [
  ...ValueForEach<NamesWith<All, undefined>>,
  ...Partial<ValueForEach<NamesWith<All, "optional">>>,
  ...([NamesWith<All, "repeated">] extends [never] ? [] : Value[]),
] extends infer Values extends readonly (Value | undefined)[]
  ? Values
  : never;

/** Names of the operands that are given so often: `undefined` is once. */
type NamesWith<All extends Operands, Count> = {
  [Name in keyof All]: All[Name] extends { readonly count: infer Own }
    ? Own extends Count
      ? Name
      : never
    : undefined extends Count
      ? Name
      : never;
}[keyof All];

/** A tuple with one `Value` for each member of a union: members are taken off one by one, in whatever order. */
type ValueForEach<Names, Last = LastOf<Names>> = [Names] extends [never] ? [] : [...ValueForEach<Exclude<Names, Last>>, Value];

/** Of functions that are joined, the compiler infers the last one's result. */
type LastOf<Names> = (Names extends unknown ? (give: () => Names) => void : never) extends (give: infer Joined) => void
  ? Joined extends () => infer Last
    ? Last
    : never
  : never;

/** A legality rule: what it says, and when it holds. */
export interface OperationRule<All extends Operands, Parsers extends AttributeParsers> {
  /** The rule in words, a sentence's end: what it says of the first node that breaks it. */
  readonly says: string;
  /** Whether it is kept. */
  holds(inputs: OperandTypes<All>, attributes: ParsedAttributes<Parsers>): boolean;
}

/** What an operation is: operands, attributes, what is legal, the types of its results, and its meaning in TypeScript. */
export interface OperationDefinition<All extends Operands, Parsers extends AttributeParsers> {
  /** Camel case, by which nodes name it. */
  readonly name: string;
  /** What it computes, in one line. */
  readonly formula: string;
  /** By name, in the order of a node's inputs. */
  readonly operands: All;
  /** How each is read, by its key. */
  readonly attributes: Parsers;
  /** In order: a later rule may rely on the earlier ones. Number and data types of the inputs are checked before. */
  readonly rules: readonly OperationRule<All, Parsers>[];
  /** The types of the outputs; called only for inputs and attributes that keep all rules. */
  outputTypes(inputs: OperandTypes<All>, attributes: ParsedAttributes<Parsers>): readonly ValueType[];
  /** The dimensions that its outputs bring into the graph. Default: none. */
  introduces?(inputs: OperandNames<All>, attributes: ParsedAttributes<Parsers>): readonly IntroducedDimension[];
  /** The outputs, computed plainly in C order: what every runtime is held to. */
  evaluate(inputs: OperandTensors<All>, attributes: ParsedAttributes<Parsers>, dimensions: DimensionBindings): readonly GraphTensor[];
}

/** Makes an operation of its definition, in which inputs go by name and attributes are typed. */
export function defineOperation<const All extends Operands, const Parsers extends AttributeParsers>(
  definition: OperationDefinition<All, Parsers>,
): Operation<OperandValues<All>, GivenAttributes<Parsers>> {
  const { name, formula } = definition;
  const operands = Object.entries<Operand>(definition.operands).map(([operandName, operand]) => ({ name: operandName, ...operand }));
  const typed = (attributes: Attributes): ParsedAttributes<Parsers> => {
    const result = parseAttributes(definition.attributes, attributes);
    if ("broken" in result) throw new TypeError(`${name}: ${result.broken}`);
    return result.parsed;
  };
  const named = <Thing>(things: readonly Thing[]): Record<string, Thing | readonly Thing[] | undefined> =>
    Object.fromEntries(
      operands.map((operand, index) => [operand.name, operand.count === "repeated" ? things.slice(index) : things[index]]),
    );
  return {
    name,
    formula,
    operands,
    attributes: Object.entries(definition.attributes).map(([attribute, { expects, optional = false }]) => ({
      name: attribute,
      expects,
      optional,
    })),
    rules: definition.rules.map(({ says }) => says),
    check(inputs, attributes) {
      const result = parseAttributes(definition.attributes, attributes);
      if ("broken" in result) return result.broken;
      const broken = checkOperands(operands, inputs);
      if (broken !== undefined) return broken;
      const types = named(inputs) as OperandTypes<All>;
      return definition.rules.find((rule) => !rule.holds(types, result.parsed))?.says;
    },
    outputTypes: (inputs, attributes) => definition.outputTypes(named(inputs) as OperandTypes<All>, typed(attributes)),
    introduces: (inputs, attributes) => definition.introduces?.(named(inputs) as OperandNames<All>, typed(attributes)) ?? [],
    evaluate: (inputs, attributes, dimensions) => definition.evaluate(named(inputs) as OperandTensors<All>, typed(attributes), dimensions),
  };
}

function checkOperands(operands: Operation["operands"], inputs: readonly ValueType[]): string | undefined {
  const min = operands.filter((operand) => operand.count !== "optional").length;
  const max = operands.some((operand) => operand.count === "repeated") ? Number.POSITIVE_INFINITY : operands.length;
  if (inputs.length < min || inputs.length > max) {
    const names = operands.map((operand) => operand.name + (operand.count === undefined ? "" : ` (${operand.count})`));
    return `its inputs are ${names.join(", ") || "none"}; ${inputs.length} were given`;
  }
  for (const [index, input] of inputs.entries()) {
    const operand = operands[Math.min(index, operands.length - 1)];
    if (operand !== undefined && !operand.dataTypes.includes(input.dataType)) {
      return `its input ${operand.name} is ${operand.dataTypes.join(" or ")}, not ${formatType(input)}`;
    }
  }
  return undefined;
}
