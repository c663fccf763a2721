import type { StandardOperationName } from "@longspan/core/graph";
import { writeLongformerAttention } from "./attention/longformer-attention.ts";
import type { OnnxOperation, OnnxOperationSet } from "./onnx-operations.ts";
import { writeActivation } from "./operations/activation.ts";
import {
  writeAdd,
  writeDivide,
  writeEqual,
  writeLayerNormalization,
  writeMatMul,
  writeMultiply,
  writeReduceSum,
  writeSelect,
  writeSoftmax,
  writeSubtract,
} from "./operations/arithmetic.ts";
import { writeEmbedding, writeNonzero, writeGatherRows, writeScatterRows } from "./operations/indexing.ts";
import { writeLinear } from "./operations/linear.ts";
import {
  writeBandMask,
  writeCast,
  writeConcatenate,
  writeConstant,
  writePad,
  writeReshape,
  writeSlice,
  writeTranspose,
} from "./operations/movement.ts";

const writers: Readonly<Record<StandardOperationName, OnnxOperation>> = {
  constant: writeConstant,
  bandMask: writeBandMask,
  embedding: writeEmbedding,
  linear: writeLinear,
  matMul: writeMatMul,
  add: writeAdd,
  subtract: writeSubtract,
  multiply: writeMultiply,
  divide: writeDivide,
  activation: writeActivation,
  softmax: writeSoftmax,
  layerNormalization: writeLayerNormalization,
  reshape: writeReshape,
  transpose: writeTranspose,
  slice: writeSlice,
  concatenate: writeConcatenate,
  pad: writePad,
  cast: writeCast,
  equal: writeEqual,
  select: writeSelect,
  reduceSum: writeReduceSum,
  nonzero: writeNonzero,
  gatherRows: writeGatherRows,
  scatterRows: writeScatterRows,
  longformerAttention: writeLongformerAttention,
};

/** All operations of core's graph (`longformerAttention` without probabilities: `exportGraph` lowers it where they are asked for). */
export const standardOnnxOperations: OnnxOperationSet = /*#__PURE__*/ new Map(Object.entries(writers));
