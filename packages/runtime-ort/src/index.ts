export { ort } from "./session/ort.ts";
export type { OrtOptions } from "./session/place.ts";
export type {
  OrtExecutionProvider,
  OrtModule,
  OrtSession,
  OrtSessionOptions,
  OrtTensor,
  OrtTensorData,
  OrtTensorType,
} from "./session/ort-module.ts";
