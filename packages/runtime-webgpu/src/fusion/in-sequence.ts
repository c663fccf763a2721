import { type Operation, operations, sameShape } from "@longspan/core/graph";

const { add } = operations;

/** A sum whose operands have one shape: what stretches stays apart. */
export const alikeSum: Operation = /*#__PURE__*/ alike(add);

function alike(sum: Operation): Operation {
  return {
    ...sum,
    check: (inputs, attributes) =>
      sum.check(inputs, attributes) ??
      (inputs.every(({ shape }) => sameShape(shape, inputs[0]?.shape ?? [])) ? undefined : "what is added has one shape"),
  };
}

/**
 * Two operations of float32 as one, the first without attributes: `out = second(first(…), …)`. Its operands are those of the first, all of them, and then
 * `others`, which the second has beside what the first gives.
 */
export function inSequence(name: string, first: Operation, second: Operation, ...others: readonly string[]): Operation {
  const ofFirst = first.operands.length;
  const own = first.operands.map((operand) => operand.name);
  const operands = [...own, ...others];
  const between = <Thing>(inputs: readonly Thing[], results: (given: readonly Thing[]) => readonly Thing[]): readonly Thing[] => [
    ...results(inputs.slice(0, ofFirst)),
    ...inputs.slice(ofFirst),
  ];
  return {
    name,
    formula: `out = ${second.name}(${[`${first.name}(${own.join(", ")})`, ...others].join(", ")})`,
    operands: operands.map((operand) => ({ name: operand, dataTypes: ["float32"] })),
    attributes: second.attributes,
    rules: [...first.rules, ...second.rules],
    check(inputs, attributes) {
      if (inputs.length !== operands.length) return `its inputs are ${operands.join(", ")}`;
      return (
        first.check(inputs.slice(0, ofFirst), {}) ??
        second.check(
          between(inputs, (given) => first.outputTypes(given, {})),
          attributes,
        )
      );
    },
    outputTypes: (inputs, attributes) =>
      second.outputTypes(
        between(inputs, (given) => first.outputTypes(given, {})),
        attributes,
      ),
    introduces: () => [],
    evaluate: (inputs, attributes, dimensions) =>
      second.evaluate(
        between(inputs, (given) => first.evaluate(given, {}, dimensions)),
        attributes,
        dimensions,
      ),
  };
}
