import { create } from "@bufbuild/protobuf";
import type { DataType } from "@longspan/core";
import type { Shape } from "@longspan/core/graph";
import { ValueInfoProtoSchema, type ValueInfoProto } from "./onnx_pb.ts";
import { onnxDataTypes } from "./tensor-header.ts";

/** The type of a value; a dimension that is an expression keeps its spelling: `sequence`, `sequence+2`. */
export function valueInfo(name: string, dataType: DataType, shape: Shape): ValueInfoProto {
  const dim = shape.map((dimension) => ({
    value:
      typeof dimension === "number"
        ? { case: "dimValue" as const, value: BigInt(dimension) }
        : { case: "dimParam" as const, value: dimension },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: onnxDataTypes[dataType], shape: { dim } } } },
  });
}
