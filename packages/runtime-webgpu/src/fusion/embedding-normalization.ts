import { attributeParsers, defineOperation, type Operation, operations, sameShape } from "@longspan/core/graph";

const { add, embedding, layerNormalization } = operations;

const ids = { dataTypes: ["int32"] } as const;
const numbers = { dataTypes: ["float32"] } as const;

/** What a BERT-like model begins with: rows of three tables summed, and their layer normalization. */
export const embeddingNormalization: Operation = /*#__PURE__*/ defineOperation({
  name: "embeddingNormalization",
  formula: "out[…, h] = layerNormalization(words[wordIds[…], h] + positions[positionIds[…], h] + types[typeIds[…], h], scale, shift)",
  operands: {
    wordIds: ids,
    positionIds: ids,
    typeIds: ids,
    words: numbers,
    positions: numbers,
    types: numbers,
    scale: numbers,
    shift: numbers,
  },
  attributes: { epsilon: attributeParsers.positiveNumber },
  rules: [
    {
      says: "the three ids have one shape",
      holds: ({ wordIds, positionIds, typeIds }) => [positionIds, typeIds].every(({ shape }) => sameShape(shape, wordIds.shape)),
    },
    {
      says: "the tables have two axes of known size: rows, and hidden, which is the same for all",
      holds: ({ words, positions, types }) =>
        [words, positions, types].every(
          ({ shape }) => shape.length === 2 && shape.every((size) => typeof size === "number") && shape[1] === words.shape[1],
        ),
    },
    {
      says: "scale and shift have one axis, of the tables' hidden size",
      holds: ({ words, scale, shift }) => [scale, shift].every(({ shape }) => sameShape(shape, words.shape.slice(1))),
    },
  ],
  outputTypes: ({ wordIds, words }) => embedding.outputTypes([wordIds, words], {}),
  evaluate({ wordIds, positionIds, typeIds, words, positions, types, scale, shift }, attributes, dimensions) {
    const rows = (rowIds: typeof wordIds, table: typeof words) => embedding.evaluate([rowIds, table], {}, dimensions);
    const positioned = add.evaluate([...rows(wordIds, words), ...rows(positionIds, positions)], {}, dimensions);
    const sum = add.evaluate([...positioned, ...rows(typeIds, types)], {}, dimensions);
    return layerNormalization.evaluate([...sum, scale, shift], attributes, dimensions);
  },
});
