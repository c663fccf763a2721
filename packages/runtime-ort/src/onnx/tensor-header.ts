import { create } from "@bufbuild/protobuf";
import type { DataType } from "@longspan/core";
import { TensorProto_DataType, TensorProtoSchema, type TensorProto } from "./onnx_pb.ts";

/** ONNX's names for data types (onnx.proto, TensorProto.DataType). */
export const onnxDataTypes: Readonly<Record<DataType, TensorProto_DataType>> = {
  float64: TensorProto_DataType.DOUBLE,
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  float8_e4m3fn: TensorProto_DataType.FLOAT8E4M3FN,
  float8_e5m2: TensorProto_DataType.FLOAT8E5M2,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  int16: TensorProto_DataType.INT16,
  int8: TensorProto_DataType.INT8,
  uint64: TensorProto_DataType.UINT64,
  uint32: TensorProto_DataType.UINT32,
  uint16: TensorProto_DataType.UINT16,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

/** A tensor of a model without its values: they are added as `rawData`, or `externalData` says where they are. */
export function onnxTensorHeader(name: string, dataType: DataType, shape: readonly number[]): TensorProto {
  return create(TensorProtoSchema, { name, dataType: onnxDataTypes[dataType], dims: shape.map(BigInt) });
}
