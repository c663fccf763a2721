import { onnxDataTypes } from "../../onnx/tensor-header.ts";
import { operandAt, outputAt, type OnnxOperation } from "../onnx-operations.ts";
import type { OnnxWriter } from "../onnx-writer.ts";

export const writeEmbedding: OnnxOperation = (writer, node) => [
  writer.apply("Gather", [operandAt(node, 1).name, operandAt(node, 0).name], { axis: { integer: 0 } }, outputAt(node, 0)),
];

/** TopK of 1 where the number stands and 0 elsewhere: of equals it takes the first, so that slots come ascending. */
export const writeNonzero: OnnxOperation = (writer, node) => {
  const x = operandAt(node, 0);
  const [indices, found] = [outputAt(node, 0), outputAt(node, 1)];
  const { equals, minimum } = node.attributes;
  const isHit = writer.apply("Equal", [x.name, writer.constant("int32", [], [Number(equals)])]);
  const hits = writer.apply("Cast", [isHit], { to: { integer: onnxDataTypes.float32 } });
  const second = writer.constant("int64", [1], [1]);
  const counts = writer.apply("Cast", [writer.apply("ReduceSum", [hits, second], { keepdims: { integer: 0 } })], {
    to: { integer: onnxDataTypes.int64 },
  });
  const least = writer.constant("int64", [1], [Number(minimum)]);
  const slots = writer.apply("ReduceMax", [writer.apply("Concat", [counts, least], { axis: { integer: 0 } })], {
    axes: { integers: [0] },
    keepdims: { integer: 1 },
  });
  const [values = "", positions = ""] = writer.applyMany("TopK", [hits, slots], 2, { axis: { integer: 1 }, largest: { integer: 1 } });
  return [
    writer.apply("Cast", [positions], { to: { integer: onnxDataTypes.int32 } }, indices),
    writer.apply("Cast", [values], { to: { integer: onnxDataTypes.bool } }, found),
  ];
};

/** Row numbers as GatherND and ScatterND take them: `[batch, slots, …]` int64, the last axis one index long. */
function rowNumbers(writer: OnnxWriter, indices: string): string {
  const wide = writer.apply("Cast", [indices], { to: { integer: onnxDataTypes.int64 } });
  return writer.apply("Unsqueeze", [wide, writer.constant("int64", [1], [2])]);
}

export const writeGatherRows: OnnxOperation = (writer, node) => {
  const rows = rowNumbers(writer, operandAt(node, 1).name);
  return [writer.apply("GatherND", [operandAt(node, 0).name, rows], { batch_dims: { integer: 1 } }, outputAt(node, 0))];
};

/** ScatterND has no batch: its indices are pairs of batch element and row. */
export const writeScatterRows: OnnxOperation = (writer, node) => {
  const [x, indices, updates] = [operandAt(node, 0), operandAt(node, 1), operandAt(node, 2)];
  const rows = rowNumbers(writer, indices.name);
  const [batch = 0] = x.shape;
  const count = writer.apply("Squeeze", [writer.dimension(batch)]);
  const elements = writer.apply("Range", [writer.constant("int64", [], [0]), count, writer.constant("int64", [], [1])]);
  const column = writer.apply("Reshape", [elements, writer.constant("int64", [3], [-1, 1, 1])]);
  const batches = writer.apply("Expand", [column, writer.apply("Shape", [rows])]);
  const pairs = writer.apply("Concat", [batches, rows], { axis: { integer: 2 } });
  return [writer.apply("ScatterND", [x.name, pairs, updates.name], {}, outputAt(node, 0))];
};
