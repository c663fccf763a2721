import { create } from "@bufbuild/protobuf";
import type { LongformerConfig } from "@longspan/core";
import type { Shape } from "@longspan/core/graph";
import type { GlobalAttentionPolicy } from "@longspan/core/runtime";
import { attributeMessages, type OnnxAttributes } from "../onnx/attributes.ts";
import { GraphProtoSchema, NodeProtoSchema, type GraphProto, type NodeProto, type TensorProto } from "../onnx/onnx_pb.ts";
import { onnxDataTypes, onnxTensorHeader } from "../onnx/tensor-header.ts";
import { valueInfo } from "../onnx/value-info.ts";
import { renameValues } from "./rename-values.ts";

/** How the graph knows which tokens are global: an input says it, or the ids do, as a head's policy has it. */
export type GlobalAttentionSource = { readonly kind: "input" } | GlobalAttentionPolicy;

/**
 * The graph of a Longformer with the inputs that ONNX files of language models have: `input_ids`, `attention_mask` and
 * `global_attention_mask`, int64 `[batch, sequence]` (multiple choice: `[batch, choices, sequence]`), and `token_type_ids` where the model has
 * several types. Positions are counted from the ids, whatever the mask says (transformers, create_position_ids_from_input_ids); a mask of 2
 * marks a global token, too (LongformerModel._merge_to_attention_mask). Where the graph finds the global tokens itself, there is no input for them.
 * @param graph with the inputs of `longformerGraph`, int32
 */
export function takeIds(graph: GraphProto, config: LongformerConfig, shape: Shape, globals: GlobalAttentionSource): GraphProto {
  const nodes: NodeProto[] = [];
  const constants: TensorProto[] = [];
  const apply: ApplyNode = (output, opType, input, attributes = {}) => {
    const name = `inputs/${output}`;
    const attribute = attributeMessages(attributes);
    nodes.push(create(NodeProtoSchema, { name, opType, input: [...input], output: [name], attribute }));
    return name;
  };
  const scalar: AddScalar = (what, dataType, value) => {
    const name = `inputs/${what}`;
    const { buffer } = dataType === "int32" ? Int32Array.of(value) : BigInt64Array.of(BigInt(value));
    constants.push({ ...onnxTensorHeader(name, dataType, []), rawData: new Uint8Array(buffer) });
    return name;
  };

  const [zero, one, pad] = [scalar("zero", "int64", 0), scalar("one", "int64", 1), scalar("pad_token_id", "int64", config.padTokenId)];
  const lastAxis = scalar("last_axis", "int32", shape.length - 1);
  const ids = apply("input_ids", "Cast", ["input_ids"], toInt32);
  const isSeen = apply("is_seen", "Greater", ["attention_mask", zero]);
  const isTwo = apply("is_two", "Greater", ["attention_mask", one]);
  const isMarked = markGlobals(globals, { apply, scalar, ids, lastAxis });
  const isGlobal = isMarked === undefined ? isTwo : apply("is_global", "Or", [isMarked, isTwo]);
  const isPresent = apply("is_present", "Not", [apply("is_padding", "Equal", ["input_ids", pad])]);
  const present = apply("present", "Cast", [isPresent], toInt32);
  const counted = apply("counted", "CumSum", [present, lastAxis]);
  const places = apply("places", "Mul", [counted, present]);
  const hasTypes = config.typeVocabSize > 1;
  const inner: Readonly<Record<string, string>> = {
    input_ids: ids,
    attention_mask: apply("attention_mask", "Cast", [isSeen], toInt32),
    global_attention_mask: apply("global_attention_mask", "Cast", [isGlobal], toInt32),
    position_ids: apply("position_ids", "Add", [places, scalar("offset", "int32", config.padTokenId)]),
    token_type_ids: hasTypes ? apply("token_type_ids", "Cast", ["token_type_ids"], toInt32) : apply("token_type_ids", "Sub", [ids, ids]),
  };
  const marks = globals.kind === "input" ? ["global_attention_mask"] : [];
  const names = ["input_ids", "attention_mask", ...marks, ...(hasTypes ? ["token_type_ids"] : [])];
  const renamed = renameValues(graph, new Map(Object.entries(inner)));
  return create(GraphProtoSchema, {
    ...renamed,
    input: names.map((name) => valueInfo(name, "int64", shape)),
    node: [...nodes, ...renamed.node],
    initializer: [...renamed.initializer, ...constants],
  });
}

type ApplyNode = (output: string, opType: string, input: readonly string[], attributes?: OnnxAttributes) => string;
type AddScalar = (what: string, dataType: "int32" | "int64", value: number) => string;

const toInt32: OnnxAttributes = { to: { integer: onnxDataTypes.int32 } };

interface GlobalParts {
  readonly apply: ApplyNode;
  readonly scalar: AddScalar;
  /** The ids, int32. */
  readonly ids: string;
  /** The axis of the sequence, for CumSum. */
  readonly lastAxis: string;
}

/**
 * Which tokens are global, bool; undefined: none but those that the attention mask marks. What `applyGlobalAttentionPolicy` does, by counting along the
 * sequence; but a graph cannot refuse a row, so the first separator counts whatever there are, and a row without one has no global tokens.
 */
function markGlobals(globals: GlobalAttentionSource, { apply, scalar, ids, lastAxis }: GlobalParts): string | undefined {
  if (globals.kind === "none") return undefined;
  if (globals.kind === "input") return apply("is_marked", "Greater", ["global_attention_mask", scalar("unmarked", "int64", 0)]);
  const count = (what: string, flags: string): string => apply(what, "CumSum", [apply(`${what}_ones`, "Cast", [flags], toInt32), lastAxis]);
  if (globals.kind === "first-token") {
    return apply("is_marked", "Equal", [count("place", apply("is_token", "Equal", [ids, ids])), scalar("first_place", "int32", 1)]);
  }
  const isSeparator = apply("is_separator", "Equal", [ids, scalar("separator", "int32", globals.tokenId)]);
  const separators = count("separators", isSeparator);
  const none = scalar("no_separators", "int32", 0);
  if (globals.side === "after") {
    // 1 at the first separator, 3 two places behind it.
    const behind = count("behind", apply("is_behind", "Greater", [separators, none]));
    return apply("is_marked", "Greater", [behind, scalar("separator_and_next", "int32", 2)]);
  }
  const most = apply("separators_of_row", "ReduceMax", [separators], { axes: { integers: [-1] }, keepdims: { integer: 1 } });
  const isBefore = apply("is_before", "Equal", [separators, none]);
  return apply("is_marked", "And", [isBefore, apply("has_separator", "Greater", [most, none])]);
}
