import { create } from "@bufbuild/protobuf";
import type { DataType, LongformerConfig, Shape } from "@longspan/core";
import { attributeMessages } from "../onnx/attributes.ts";
import { GraphProtoSchema, NodeProtoSchema, type GraphProto, type NodeProto, type TensorProto } from "../onnx/onnx_pb.ts";
import { onnxDataTypes, onnxTensorHeader } from "../onnx/tensor-header.ts";
import { valueInfo } from "../onnx/value-info.ts";
import { renameValues } from "./rename-values.ts";

/**
 * The graph of a Longformer with the inputs that ONNX files of language models have: `input_ids`, `attention_mask` and
 * `global_attention_mask`, int64 `[batch, sequence]` (multiple choice: `[batch, choices, sequence]`), and `token_type_ids` where the model has
 * several types. Positions are counted from the ids, whatever the mask says (transformers, create_position_ids_from_input_ids); a mask of 2
 * marks a global token, too (LongformerModel._merge_to_attention_mask).
 * @param graph with the inputs of `longformerGraph`, int32
 */
export function takeIds(graph: GraphProto, config: LongformerConfig, shape: Shape): GraphProto {
  const nodes: NodeProto[] = [];
  const constants: TensorProto[] = [];
  const apply = (output: string, opType: string, input: readonly string[], castTo?: DataType): string => {
    const name = `inputs/${output}`;
    const attribute = castTo === undefined ? [] : attributeMessages({ to: { integer: onnxDataTypes[castTo] } });
    nodes.push(create(NodeProtoSchema, { name, opType, input: [...input], output: [name], attribute }));
    return name;
  };
  const scalar = (what: string, dataType: "int32" | "int64", value: number): string => {
    const name = `inputs/${what}`;
    const { buffer } = dataType === "int32" ? Int32Array.of(value) : BigInt64Array.of(BigInt(value));
    constants.push({ ...onnxTensorHeader(name, dataType, []), rawData: new Uint8Array(buffer) });
    return name;
  };

  const [zero, one, pad] = [scalar("zero", "int64", 0), scalar("one", "int64", 1), scalar("pad_token_id", "int64", config.padTokenId)];
  const ids = apply("input_ids", "Cast", ["input_ids"], "int32");
  const isSeen = apply("is_seen", "Greater", ["attention_mask", zero]);
  const isMarked = apply("is_marked", "Greater", ["global_attention_mask", zero]);
  const isGlobal = apply("is_global", "Or", [isMarked, apply("is_two", "Greater", ["attention_mask", one])]);
  const isPresent = apply("is_present", "Not", [apply("is_padding", "Equal", ["input_ids", pad])]);
  const present = apply("present", "Cast", [isPresent], "int32");
  const counted = apply("counted", "CumSum", [present, scalar("last_axis", "int32", shape.length - 1)]);
  const places = apply("places", "Mul", [counted, present]);
  const hasTypes = config.typeVocabSize > 1;
  const inner: Readonly<Record<string, string>> = {
    input_ids: ids,
    attention_mask: apply("attention_mask", "Cast", [isSeen], "int32"),
    global_attention_mask: apply("global_attention_mask", "Cast", [isGlobal], "int32"),
    position_ids: apply("position_ids", "Add", [places, scalar("offset", "int32", config.padTokenId)]),
    token_type_ids: hasTypes ? apply("token_type_ids", "Cast", ["token_type_ids"], "int32") : apply("token_type_ids", "Sub", [ids, ids]),
  };
  const names = ["input_ids", "attention_mask", "global_attention_mask", ...(hasTypes ? ["token_type_ids"] : [])];
  const renamed = renameValues(graph, new Map(Object.entries(inner)));
  return create(GraphProtoSchema, {
    ...renamed,
    input: names.map((name) => valueInfo(name, "int64", shape)),
    node: [...nodes, ...renamed.node],
    initializer: [...renamed.initializer, ...constants],
  });
}
