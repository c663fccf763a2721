import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type ByteSink, type DirectorySink, LongspanError } from "@longspan/core";
import { GraphProtoSchema, ModelProtoSchema, TensorProtoSchema, type ModelProto } from "../onnx/onnx_pb.ts";
import { externalTensor, type ExternalPlace } from "../onnx/external-tensor.ts";
import { onnxTensorHeader } from "../onnx/tensor-header.ts";
import type { StoredTensor } from "../onnx/stored-tensor.ts";

/** Protocol Buffers limit a message to 2 GiB - 1 (protobuf.dev, "Proto Limits"); onnxruntime and onnx refuse more. */
export const maxOnnxFileBytes: number = 2 ** 31 - 1;

/** Smaller tensors stay in the model file, as the Python package onnx has it (external_data_helper: size_threshold). */
const minExternalBytes = 1024;

/**
 * Where external tensors begin: at multiples of a page, those above 1 MiB of 64 KiB, so that every system can map them
 * (onnx.proto, TensorProto.external_data; onnxruntime, ModelSavingOptions).
 */
const page = 4096;
const allocationGranularity = 2 ** 16;
const largeTensor = 2 ** 20;

const maxPadding = /*#__PURE__*/ new Uint8Array(allocationGranularity);

export interface OnnxFileContents {
  /** Without the stored tensors; what small constants it holds stay. */
  readonly model: ModelProto;
  readonly tensors: readonly StoredTensor[];
}

export interface OnnxFileOptions {
  readonly sink: DirectorySink;
  readonly fileName: string;
  /** true: tensors lie in `externalDataName(fileName)`; false: in the model's file; undefined: there, if it can hold them. */
  readonly externalData?: boolean | undefined;
  /** The file beside it for external data. Default: `externalDataName(fileName)`. */
  readonly dataFileName?: string | undefined;
  /** Default `maxOnnxFileBytes`. */
  readonly maxFileBytes?: number | undefined;
}

/** The file beside `model.onnx` that holds its tensors: `model.onnx.data`. */
export function externalDataName(fileName: string): string {
  return `${fileName}.data`;
}

/**
 * Writes a model and its tensors, streamed: beside the graph itself nothing is held but what a tensor's `write` holds.
 * The tensors are initializers of the graph, written behind its other fields (protobuf leaves the order of fields open).
 * @returns whether tensors lie in a file of their own
 * @throws LongspanError `limit-exceeded` when one file cannot hold what it shall; and what sink and tensors throw.
 */
export async function writeOnnxFile(contents: OnnxFileContents, options: OnnxFileOptions): Promise<boolean> {
  const { externalData, maxFileBytes = maxOnnxFileBytes } = options;
  const inline = frame(contents, () => undefined);
  if (externalData !== true && inline.byteLength <= maxFileBytes) {
    await writeInline(inline, options);
    return false;
  }
  if (externalData === false) throw tooLarge(options.fileName, inline.byteLength, maxFileBytes);
  const { placed, offsets } = place(contents.tensors);
  const data = options.dataFileName ?? externalDataName(options.fileName);
  // A model names the file as it lies beside itself.
  const location = data.slice(data.lastIndexOf("/") + 1);
  if (placed.length > 0) await writeData(placed, data, options.sink);
  const framed = frame(contents, (tensor) => {
    const offset = offsets.get(tensor);
    return offset === undefined ? undefined : { location, offset, length: tensor.byteLength };
  });
  if (framed.byteLength > maxFileBytes) throw tooLarge(options.fileName, framed.byteLength, maxFileBytes);
  await writeInline(framed, options);
  return placed.length > 0;
}

function tooLarge(fileName: string, found: number, limit: number): LongspanError {
  return new LongspanError(
    "limit-exceeded",
    `${fileName} would have ${found} bytes, and an ONNX file of its own holds ${limit} at most (a limit of Protocol Buffers). Let the weights lie in a file beside it (leave out --no-external-data; option externalData), or make it smaller with --dtype float16 or --quantize q8.`,
    { details: { fileName, found, limit } },
  );
}

/** What stands in a model file around the tensors' bytes. */
interface Frame {
  readonly byteLength: number;
  readonly head: Uint8Array;
  readonly entries: readonly { readonly header: Uint8Array; readonly content: StoredTensor | undefined }[];
}

/** Field numbers of onnx.proto. */
const fields = { modelGraph: 7, graphInitializer: 5, tensorRawData: 9 } as const;

function frame({ model, tensors }: OnnxFileContents, locate: (tensor: StoredTensor) => ExternalPlace | undefined): Frame {
  const { graph, ...rest } = model;
  const modelFields = toBinary(ModelProtoSchema, create(ModelProtoSchema, rest));
  const graphFields = graph === undefined ? new Uint8Array(0) : toBinary(GraphProtoSchema, graph);
  const entries = tensors.map((tensor) => entry(tensor, locate(tensor)));
  const graphBytes = entries.reduce((sum, { header, content }) => sum + header.length + (content?.byteLength ?? 0), graphFields.length);
  const head = new BinaryWriter().raw(modelFields).raw(lengthDelimited(fields.modelGraph, graphBytes)).raw(graphFields).finish();
  return { byteLength: head.length + graphBytes - graphFields.length, head, entries };
}

function entry(tensor: StoredTensor, place: ExternalPlace | undefined): Frame["entries"][number] {
  const { name, dataType, shape, byteLength } = tensor;
  const description = place === undefined ? onnxTensorHeader(name, dataType, shape) : externalTensor(name, dataType, shape, place);
  const bytes = toBinary(TensorProtoSchema, description);
  if (place !== undefined)
    return {
      header: new BinaryWriter().raw(lengthDelimited(fields.graphInitializer, bytes.length)).raw(bytes).finish(),
      content: undefined,
    };
  const rawHeader = lengthDelimited(fields.tensorRawData, byteLength);
  const whole = bytes.length + rawHeader.length + byteLength;
  const header = new BinaryWriter().raw(lengthDelimited(fields.graphInitializer, whole)).raw(bytes).raw(rawHeader).finish();
  return { header, content: tensor };
}

/** The tag and length of a field (protobuf.dev, "Encoding"). Lengths beyond 32 bits are only counted here, and refused before they are written. */
function lengthDelimited(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint64(length).finish();
}

async function writeInline({ head, entries }: Frame, { sink, fileName }: OnnxFileOptions): Promise<void> {
  const file = await sink.file(fileName);
  await file.write(head);
  for (const { header, content } of entries) {
    await file.write(header);
    await content?.write(file);
  }
  await file.close();
}

interface PlacedTensor {
  readonly tensor: StoredTensor;
  readonly padding: number;
}

function place(tensors: readonly StoredTensor[]): {
  readonly placed: readonly PlacedTensor[];
  readonly offsets: Map<StoredTensor, number>;
} {
  const placed: PlacedTensor[] = [];
  const offsets = new Map<StoredTensor, number>();
  let end = 0;
  for (const tensor of tensors) {
    if (tensor.byteLength < minExternalBytes) continue;
    const alignment = tensor.byteLength > largeTensor ? allocationGranularity : page;
    const offset = Math.ceil(end / alignment) * alignment;
    placed.push({ tensor, padding: offset - end });
    offsets.set(tensor, offset);
    end = offset + tensor.byteLength;
  }
  return { placed, offsets };
}

async function writeData(placed: readonly PlacedTensor[], fileName: string, sink: DirectorySink): Promise<void> {
  const file: ByteSink = await sink.file(fileName);
  for (const { tensor, padding } of placed) {
    await file.write(maxPadding.subarray(0, padding));
    await tensor.write(file);
  }
  await file.close();
}
