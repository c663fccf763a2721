export { onnx, type OnnxOptions } from "./file/onnx.ts";
