import { create } from "@bufbuild/protobuf";
import type { DataType } from "@longspan/core";
import { StringStringEntryProtoSchema, TensorProto_DataLocation, type TensorProto } from "./onnx_pb.ts";
import { onnxTensorHeader } from "./tensor-header.ts";

export interface ExternalPlace {
  /** The name of a file beside the model's. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor whose values lie outside of the model. */
export function externalTensor(name: string, dataType: DataType, shape: readonly number[], place: ExternalPlace): TensorProto {
  const externalData = Object.entries(place).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value: String(value) }));
  return { ...onnxTensorHeader(name, dataType, shape), dataLocation: TensorProto_DataLocation.EXTERNAL, externalData };
}
