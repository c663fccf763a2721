/** transformers.js' names for a model's file, by the type of its weights (utils/dtypes.js, DEFAULT_DTYPE_SUFFIX_MAPPING), in the order in which one is looked for. */
export const modelFiles = { fp32: "onnx/model.onnx", fp16: "onnx/model_fp16.onnx", q8: "onnx/model_quantized.onnx" } as const;

export type TransformersJsType = keyof typeof modelFiles;
