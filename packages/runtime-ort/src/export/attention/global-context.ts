import { addDimensions, type Dimension, multiplyDimensions, type Shape } from "@longspan/core/graph";
import type { OnnxType, OnnxWriter } from "../onnx-writer.ts";
import type { AttentionShape } from "./attention-shape.ts";

export interface GlobalContextInputs {
  /** float32 `[batch, sequence, hidden]`. */
  readonly hidden: string;
  /** See `AttentionTables`. */
  readonly globalRows: string;
  readonly maskBias: string;
  /** Weight and bias of the global query, key and value. */
  readonly projections: readonly string[];
}

/**
 * The context of the global tokens, float32 `[batch, slots, hidden]`: each attends to every token that is not masked.
 *
 * With W and b for a projection and x_j for the tokens, `q · (W_k x_j + b_k)` is `(W_kᵀ q) · x_j` plus a constant that softmax ignores,
 * and the probabilities sum to one, so that `Σ p_j (W_v x_j + b_v) = W_v Σ p_j x_j + b_v`: keys and values of all tokens need not be
 * formed. That is cheaper up to about as many global tokens as a head has elements; beyond, keys and values are projected. Which it is
 * depends on the numbers of a run, so that the model holds both.
 */
export function writeGlobalContext(writer: OnnxWriter, shape: AttentionShape, inputs: GlobalContextInputs): string {
  const { batch, sequence, hidden, heads, headSize, slots } = shape;
  const [queryWeight = "", queryBias = ""] = inputs.projections;
  const tokens = flat(writer, inputs.hidden, [batch, sequence], hidden);
  const rows = writer.apply("Gather", [tokens, inputs.globalRows], { axis: { integer: 0 } });
  const projected = gemm(writer, flat(writer, rows, [batch, slots], hidden), queryWeight, queryBias);
  const queries = writer.apply("Mul", [projected, writer.constant("float32", [], [1 / Math.sqrt(headSize)])]);

  // Products of the two ways: 2 · heads · slots · hidden · (sequence + hidden), or 2 · sequence · hidden · (hidden + slots).
  const throughHidden = writer.apply("Mul", [
    writer.dimension(multiplyDimensions(heads, slots)),
    writer.dimension(addDimensions(sequence, hidden)),
  ]);
  const projecting = writer.apply("Mul", [writer.dimension(sequence), writer.dimension(addDimensions(slots, hidden))]);
  const condition = writer.apply("Less", [throughHidden, projecting]);
  const type = { dataType: "float32", shape: [batch, slots, hidden] } as const;
  return writer.apply(
    "If",
    [condition],
    {
      then_branch: { graph: writer.branch("reassociated", [], () => [{ name: reassociated(writer, shape, inputs, queries), type }]) },
      else_branch: { graph: writer.branch("projected", [], () => [{ name: keysAndValues(writer, shape, inputs, queries), type }]) },
    },
    type,
  );
}

function reassociated(writer: OnnxWriter, shape: AttentionShape, inputs: GlobalContextInputs, queries: string): string {
  const { batch, sequence, hidden, heads, slots } = shape;
  const [, , keyWeight = "", , valueWeight = "", valueBias = ""] = inputs.projections;
  const allSlots = multiplyDimensions(heads, slots);
  // A query with nothing but one head's elements meets that head's rows of the weight alone: the weights stay as they are.
  const ofHead = writer.constant("float32", [heads, 1, hidden], headMask(shape));
  const alone = writer.apply("Mul", [writer.reshape(queries, [batch, 1, slots, hidden]), ofHead]);
  const throughKeys = writer.apply("Gemm", [flat(writer, alone, [batch, allSlots], hidden), keyWeight]);
  const tokens = writer.apply("Transpose", [inputs.hidden], { perm: { integers: [0, 2, 1] } });
  const scores = writer.apply("MatMul", [writer.reshape(throughKeys, [batch, allSlots, hidden]), tokens]);
  const probabilities = softmax(writer, scores, inputs.maskBias, [batch, allSlots, sequence]);
  const mixed = flat(writer, writer.apply("MatMul", [probabilities, inputs.hidden]), [batch, allSlots], hidden);
  const values = writer.reshape(gemm(writer, mixed, valueWeight, valueBias), [batch, heads, slots, hidden]);
  const own = writer.apply("Mul", [values, ofHead]);
  return writer.apply("ReduceSum", [own, writer.constant("int64", [1], [1])], { keepdims: { integer: 0 } });
}

function keysAndValues(writer: OnnxWriter, shape: AttentionShape, inputs: GlobalContextInputs, queries: string): string {
  const { batch, sequence, hidden, heads, headSize, slots } = shape;
  const [, , keyWeight = "", keyBias = "", valueWeight = "", valueBias = ""] = inputs.projections;
  const tokens = flat(writer, inputs.hidden, [batch, sequence], hidden);
  const byHead = (x: string, rows: Dimension, permutation: readonly number[]): string =>
    writer.apply("Transpose", [writer.reshape(x, [batch, rows, heads, headSize])], { perm: { integers: permutation } });
  const scanned = [
    byHead(queries, slots, [2, 0, 1, 3]),
    byHead(gemm(writer, tokens, keyWeight, keyBias), sequence, [2, 0, 3, 1]),
    byHead(gemm(writer, tokens, valueWeight, valueBias), sequence, [2, 0, 1, 3]),
  ];
  const matrix = (rows: Dimension, columns: Dimension): OnnxType => ({ dataType: "float32", shape: [batch, rows, columns] });
  // Head by head: where all tokens are global, the scores of all heads at once would be large.
  const inputTypes = [matrix(slots, headSize), matrix(headSize, sequence), matrix(sequence, headSize)];
  const body = writer.branch("head", inputTypes, ([query = "", key = "", value = ""]) => {
    const probabilities = softmax(writer, writer.apply("MatMul", [query, key]), inputs.maskBias, [batch, slots, sequence]);
    return [{ name: writer.apply("MatMul", [probabilities, value]), type: matrix(slots, headSize) }];
  });
  const contexts = writer.apply("Scan", scanned, { body: { graph: body }, num_scan_inputs: { integer: scanned.length } });
  return writer.reshape(writer.apply("Transpose", [contexts], { perm: { integers: [1, 2, 0, 3] } }), [batch, slots, hidden]);
}

/** All axes but the last joined. */
function flat(writer: OnnxWriter, x: string, rows: Shape, columns: number): string {
  return writer.reshape(x, [multiplyDimensions(...rows), columns]);
}

/** 1 where an element of the hidden axis belongs to the head, `[heads, 1, hidden]`. */
function headMask({ heads, hidden, headSize }: AttentionShape): readonly number[] {
  return Array.from({ length: heads * hidden }, (_, at) => Number(Math.floor((at % hidden) / headSize) === Math.floor(at / hidden)));
}

function softmax(writer: OnnxWriter, scores: string, bias: string, shape: Shape): string {
  const type = { dataType: "float32", shape } as const;
  return writer.apply("Softmax", [writer.apply("Add", [scores, bias], {}, type)], { axis: { integer: -1 } }, type);
}

function gemm(writer: OnnxWriter, x: string, weight: string, bias: string): string {
  return writer.apply("Gemm", [x, weight, bias], { transB: { integer: 1 } });
}
