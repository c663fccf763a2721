import { create } from "@bufbuild/protobuf";
import { attributeMessages, type OnnxAttributes } from "../onnx/attributes.ts";
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "../onnx/onnx_pb.ts";
import { onnxTensorHeader } from "../onnx/tensor-header.ts";
import { zeroCode } from "./quantize-rows.ts";

/** What a quantized initializer's two parts are called; the words are those of onnxruntime's own quantization. */
export function quantizedNames(weight: string): { readonly codes: string; readonly scales: string } {
  return { codes: `${weight}_quantized`, scales: `${weight}_scale` };
}

const zeroPoint = "quantized/zero_point";
const zeroPointFloat = "quantized/zero_point_float";
const lastAxisName = "quantized/last_axis";

/**
 * A graph that computes with quantized weights: in place of each initializer of `weights`, `[rows, columns]`, it reads its codes (uint8, the same
 * shape) and scales (float32, `[rows]`), which the caller adds. Operators of the standard domain only.
 *
 * - Gemm: the other factor is quantized as it comes (DynamicQuantizeLinear), the product is one of integers
 *   (MatMulInteger), and what is added is added in float32. The nodes stand as onnxruntime's fusions look for them.
 * - Gather: only the rows gathered are brought back to float32.
 */
export function quantizeGraph(graph: GraphProto, weights: ReadonlyMap<string, readonly [rows: number, columns: number]>): GraphProto {
  const constants = new Map<string, TensorProto>();
  const shared: NodeProto[] = [];
  const constant = (name: string, tensor: () => TensorProto): string => {
    if (!constants.has(name)) constants.set(name, tensor());
    return name;
  };
  const zeroCodes = (): string => constant(zeroPoint, () => ({ ...onnxTensorHeader(zeroPoint, "uint8", []), rawData: zeroCodeBytes(1) }));
  const floatZero = (): string =>
    constant(zeroPointFloat, () => ({
      ...onnxTensorHeader(zeroPointFloat, "float32", []),
      rawData: new Uint8Array(Float32Array.of(zeroCode).buffer),
    }));
  const lastAxis = (): string =>
    constant(lastAxisName, () => ({
      ...onnxTensorHeader(lastAxisName, "int64", [1]),
      rawData: new Uint8Array(BigInt64Array.of(-1n).buffer),
    }));

  /** What is made once, ahead of everything: branches see it too. */
  const once = new Map<string, string>();
  const sharedNode = (opType: string, input: readonly string[], output: string, attributes?: OnnxAttributes): string => {
    const known = once.get(output);
    if (known !== undefined) return known;
    shared.push(node(opType, input, [output], attributes));
    once.set(output, output);
    return output;
  };
  const transposed = (weight: string): string =>
    sharedNode("Transpose", [quantizedNames(weight).codes], `${quantizedNames(weight).codes}/transposed`, { perm: { integers: [1, 0] } });
  const rewrite = (nodes: readonly NodeProto[], quantizedOutside: ReadonlyMap<string, QuantizedValue>): NodeProto[] => {
    const quantized = new Map(quantizedOutside);
    const producers = new Map(nodes.flatMap((one) => one.output.map((output) => [output, one] as const)));
    return nodes.flatMap((original): readonly NodeProto[] => {
      const one = withBranches(original, (branch) => create(GraphProtoSchema, { ...branch, node: rewrite(branch.node, quantized) }));
      const [first = "", second = "", bias = ""] = one.input;
      const output = one.output[0] ?? "";
      if (one.opType === "Gather" && weights.has(first))
        return gather(one, quantizedNames(first), { floatZero: floatZero(), lastAxis: lastAxis() });
      const product = one.opType === "Gemm" && weights.has(second) ? productKind(one) : undefined;
      if (product !== undefined) {
        const made: NodeProto[] = [];
        const name = (what: string): string => `${output}/${what}`;
        const add = (opType: string, input: readonly string[], to: string, attributes: OnnxAttributes = {}): string => {
          made.push(node(opType, input, [to], attributes));
          return to;
        };
        const { codes, scales } = quantizedNames(second);
        const scaled = bias === "" ? output : name("scaled");
        const toFloat = { to: { integer: TensorProto_DataType.FLOAT } };
        if (product === "with-transposed") {
          const x = quantizedValue(first, producers, quantized, made);
          const integers = add("MatMulInteger", [x.codes, transposed(second), x.zeroPoint, zeroCodes()], name("integers"));
          add("Mul", [add("Cast", [integers], name("floats"), toFloat), add("Mul", [x.scale, scales], name("scale"))], scaled);
        } else {
          // Here the sum runs over the rows, so that their scales go to the other factor.
          const x = quantizedValue(add("Mul", [first, scales], name("factor")), producers, quantized, made);
          const integers = add("MatMulInteger", [x.codes, codes, x.zeroPoint, zeroCodes()], name("integers"));
          add("Mul", [add("Cast", [integers], name("floats"), toFloat), x.scale], scaled);
        }
        if (bias !== "") add("Add", [scaled, bias], output);
        return made;
      }
      const other = one.input.find((input) => weights.has(input));
      if (other !== undefined) throw new TypeError(`the quantized weight ${other} has a use, ${one.opType} ${one.name}, that is not known`);
      return [one];
    });
  };
  const nodes = rewrite(graph.node, new Map());
  return create(GraphProtoSchema, { ...graph, node: [...shared, ...nodes], initializer: [...graph.initializer, ...constants.values()] });
}

interface QuantizedValue {
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

/** Quantizes a value, once for all that read it, also where each reader has a Reshape of it of its own. */
function quantizedValue(
  name: string,
  producers: ReadonlyMap<string, NodeProto>,
  quantized: Map<string, QuantizedValue>,
  made: NodeProto[],
): QuantizedValue {
  const producer = producers.get(name);
  const key = producer?.opType === "Reshape" ? `Reshape ${producer.input.join(" ")}` : name;
  const known = quantized.get(key);
  if (known !== undefined) return known;
  const value = { codes: `${name}/quantized`, scale: `${name}/scale`, zeroPoint: `${name}/zero_point` };
  made.push(node("DynamicQuantizeLinear", [name], [value.codes, value.scale, value.zeroPoint]));
  quantized.set(key, value);
  return value;
}

/** Rows by number, back in float32: `scale · (code - 128)`. */
function gather(
  one: NodeProto,
  { codes, scales }: { readonly codes: string; readonly scales: string },
  { floatZero, lastAxis }: { readonly floatZero: string; readonly lastAxis: string },
): NodeProto[] {
  const [, ids = ""] = one.input;
  const [output = ""] = one.output;
  const name = (what: string): string => `${output}/${what}`;
  const ofRows = { axis: { integer: 0 } };
  return [
    node("Gather", [codes, ids], [name("codes")], ofRows),
    node("Cast", [name("codes")], [name("floats")], { to: { integer: TensorProto_DataType.FLOAT } }),
    node("Sub", [name("floats"), floatZero], [name("centred")]),
    node("Gather", [scales, ids], [name("scales")], ofRows),
    node("Unsqueeze", [name("scales"), lastAxis], [name("scale")]),
    node("Mul", [name("centred"), name("scale")], [output]),
  ];
}

/** A product without factors: with the weight transposed, or as it is. */
function productKind({ attribute }: NodeProto): "with-transposed" | "plain" | undefined {
  const transposes = attribute.find(({ name }) => name === "transB")?.i ?? 0n;
  const isPlain = attribute.every(({ name, i, f }) => name === "transB" || (name === "transA" ? i === 0n : f === 1));
  if (!isPlain) return undefined;
  return transposes === 1n ? "with-transposed" : "plain";
}

function withBranches(one: NodeProto, change: (branch: GraphProto) => GraphProto): NodeProto {
  if (one.attribute.every(({ g }) => g === undefined)) return one;
  const attribute = one.attribute.map((each) =>
    each.g === undefined ? each : create(AttributeProtoSchema, { ...each, g: change(each.g) }),
  );
  return create(NodeProtoSchema, { ...one, attribute });
}

function node(opType: string, input: readonly string[], output: readonly string[], attributes: OnnxAttributes = {}): NodeProto {
  return create(NodeProtoSchema, {
    name: output[0] ?? "",
    opType,
    input: [...input],
    output: [...output],
    attribute: attributeMessages(attributes),
  });
}

function zeroCodeBytes(count: number): Uint8Array {
  return new Uint8Array(count).fill(zeroCode);
}
