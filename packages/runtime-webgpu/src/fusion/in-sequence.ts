import { type Operation, operations, sameShape } from "@longspan/core/graph";

const { add } = operations;

/** A sum whose operands have one shape: what stretches stays apart. */
export const alikeSum: Operation = {
  ...add,
  check: (inputs, attributes) =>
    add.check(inputs, attributes) ??
    (inputs.every(({ shape }) => sameShape(shape, inputs[0]?.shape ?? [])) ? undefined : "what is added has one shape"),
};

/**
 * Two operations as one, the first without attributes: `out = second(first(…), …)`. `operands` are those of the first, `ofFirst` many, and then what the
 * second has beside what the first gives.
 */
export function inSequence(name: string, first: Operation, second: Operation, ofFirst: number, operands: readonly string[]): Operation {
  const between = <Thing>(inputs: readonly Thing[], results: (own: readonly Thing[]) => readonly Thing[]): readonly Thing[] => [
    ...results(inputs.slice(0, ofFirst)),
    ...inputs.slice(ofFirst),
  ];
  return {
    name,
    formula: `out = ${second.name}(${first.name}(${operands.slice(0, ofFirst).join(", ")})${["", ...operands.slice(ofFirst)].join(", ")})`,
    operands: operands.map((operand) => ({ name: operand, dataTypes: ["float32"] })),
    attributes: second.attributes,
    rules: [...first.rules, ...second.rules],
    check(inputs, attributes) {
      if (inputs.length !== operands.length) return `its inputs are ${operands.join(", ")}`;
      return (
        first.check(inputs.slice(0, ofFirst), {}) ??
        second.check(
          between(inputs, (own) => first.outputTypes(own, {})),
          attributes,
        )
      );
    },
    outputTypes: (inputs, attributes) =>
      second.outputTypes(
        between(inputs, (own) => first.outputTypes(own, {})),
        attributes,
      ),
    introduces: () => [],
    evaluate: (inputs, attributes, dimensions) =>
      second.evaluate(
        between(inputs, (own) => first.evaluate(own, {}, dimensions)),
        attributes,
        dimensions,
      ),
  };
}
