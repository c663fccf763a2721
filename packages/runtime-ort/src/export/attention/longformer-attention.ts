import { maskCodes, multiplyDimensions } from "@longspan/core/graph";
import { operandAt, outputAt, type NodeToWrite, type OnnxOperation } from "../onnx-operations.ts";
import type { OnnxWriter } from "../onnx-writer.ts";
import { writeNonzero } from "../operations/indexing.ts";
import { attentionShape, groupRows, type AttentionShape } from "./attention-shape.ts";
import { attentionTables, type AttentionTables, type GlobalTokens } from "./attention-tables.ts";
import { writeGlobalContext } from "./global-context.ts";

/**
 * `longformerAttention` without probabilities, in time and memory linear in the sequence length. Queries are taken in blocks; the keys of
 * a block's window and the global ones are gathered beside each other, so that one product gives all scores of a block, one softmax all
 * probabilities, one product the context. The contexts of all groups of heads, of the global tokens (computed apart), and a row of zeros
 * are gathered into the result. Masks are numbers added to scores, and the rows that the gathers take.
 */
export const writeLongformerAttention: OnnxOperation = (writer, node) => {
  const [query, key, value, hidden, mask] = [0, 1, 2, 3, 4].map((index) => operandAt(node, index));
  if (query === undefined || key === undefined || value === undefined || hidden === undefined || mask === undefined)
    throw new TypeError("longformerAttention has eleven inputs");
  const [batch = 0, sequence = 0, width = 0] = hidden.shape;
  const { globals, slots } = globalTokens(writer, node);
  const { heads, window } = node.attributes;
  const shape = attentionShape({ batch, sequence, hidden: Number(width) }, { heads: Number(heads), window: Number(window), slots });
  const tables = attentionTables(writer, mask.name, globals, shape);

  const perHead = (x: string): string => writer.reshape(x, [multiplyDimensions(batch, sequence, shape.heads), shape.headSize]);
  const rows = { query: perHead(query.name), key: perHead(key.name), value: perHead(value.name) };
  const contexts = tables.queryRows.map((_, group) => writeGroup(writer, shape, tables, group, rows));
  const { globalRows, maskBias } = tables;
  const projections = node.inputs.slice(5).map(({ name }) => name);
  const global = writeGlobalContext(writer, shape, { hidden: hidden.name, globalRows, maskBias, projections });
  const globalRowsOfHeads = writer.reshape(global, [multiplyDimensions(batch, slots, shape.heads), shape.headSize]);
  const zeros = writer.constant(
    "float32",
    [1, shape.headSize],
    Array.from({ length: shape.headSize }, () => 0),
  );
  const all = writer.apply("Concat", [...contexts, globalRowsOfHeads, zeros], { axis: { integer: 0 } });
  return [writer.reshape(writer.apply("Gather", [all, tables.contextRows], { axis: { integer: 0 } }), outputAt(node, 0).shape)];
};

/** The global tokens of a mask, found once for all layers, under a name for their number that no graph has. */
function globalTokens(writer: OnnxWriter, node: NodeToWrite): { readonly globals: GlobalTokens; readonly slots: string } {
  const mask = operandAt(node, 4);
  const masks = writer.once("masks of longformerAttention", (): string[] => []);
  if (!masks.includes(mask.name)) masks.push(mask.name);
  const slots = `attention_slots_${masks.indexOf(mask.name) + 1}`;
  const globals = writer.once(`global tokens of ${mask.name}`, (): GlobalTokens => {
    const placed = { dataType: "int32", shape: [...mask.shape.slice(0, 1), slots] } as const;
    const [indices = "", found = ""] = writeNonzero(writer, {
      inputs: [mask],
      attributes: { equals: maskCodes.global, minimum: 1 },
      outputs: [placed, { ...placed, dataType: "bool" }],
    });
    writer.bind(slots, indices, 1);
    return { indices, found };
  });
  return { globals, slots };
}

/** The context of one group of heads, `[batch * blocks * headGroup * blockSize, headSize]`. */
function writeGroup(
  writer: OnnxWriter,
  shape: AttentionShape,
  tables: AttentionTables,
  group: number,
  rows: Readonly<Record<"query" | "key" | "value", string>>,
): string {
  const { batch, blocks, headGroup, blockSize, headSize, keys } = shape;
  const [queryRows = "", keyRows = ""] = [tables.queryRows[group], tables.keyRows[group]];
  const float = (...axes: readonly (number | string)[]): { dataType: "float32"; shape: readonly (number | string)[] } => ({
    dataType: "float32",
    shape: [batch, blocks, headGroup, ...axes],
  });
  const gathered = (from: string, at: string, count: number | string): string =>
    writer.apply("Gather", [from, at], { axis: { integer: 0 } }, float(count, headSize));

  const scale = writer.constant("float32", [], [1 / Math.sqrt(headSize)]);
  const queries = writer.apply("Mul", [gathered(rows.query, queryRows, blockSize), scale], {}, float(blockSize, headSize));
  const turned = { perm: { integers: [0, 1, 2, 4, 3] } };
  const transposed = writer.apply("Transpose", [gathered(rows.key, keyRows, keys)], turned, float(headSize, keys));
  const products = writer.apply("MatMul", [queries, transposed], {}, float(blockSize, keys));
  const scores = writer.apply("Add", [products, tables.scoreBias], {}, float(blockSize, keys));
  const probabilities = writer.apply("Softmax", [scores], { axis: { integer: -1 } }, float(blockSize, keys));
  const context = writer.apply("MatMul", [probabilities, gathered(rows.value, keyRows, keys)], {}, float(blockSize, headSize));
  return writer.reshape(context, [groupRows(shape), headSize]);
}
