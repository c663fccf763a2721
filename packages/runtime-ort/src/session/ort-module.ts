/**
 * What is used of onnxruntime: the part that `onnxruntime-node`, `onnxruntime-web` and its entries share. Any of them can be handed in:
 * `ort({ module: await import("onnxruntime-web") })`.
 */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: Uint8Array, options: OrtSessionOptions): Promise<OrtSession>;
  };
  readonly Tensor: new (type: OrtTensorType, data: OrtTensorData, dims: readonly number[]) => OrtTensor;
  readonly env: {
    readonly versions: { readonly common: string; readonly node?: string | undefined; readonly web?: string | undefined };
    /** onnxruntime-web only: read when its first session is created. */
    readonly wasm: { numThreads?: number };
  };
  /** onnxruntime-node only. */
  readonly listSupportedBackends?: () => readonly { readonly name: string; readonly bundled: boolean }[];
}

/** The element types of tensors that onnxruntime is given. */
export type OrtTensorType = "float32" | "int32" | "bool";

/** The elements of a tensor that onnxruntime is given. */
export type OrtTensorData = Float32Array | Int32Array | Uint8Array;

/** A tensor of onnxruntime, as far as it is used. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** A session of onnxruntime, as far as it is used. */
export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>, fetches: readonly string[]): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** An execution provider by its name, or with its options, as onnxruntime takes them. */
export type OrtExecutionProvider = string | ({ readonly name: string } & Readonly<Record<string, unknown>>);

/** The options with which sessions of onnxruntime are made. */
export interface OrtSessionOptions {
  readonly executionProviders: readonly OrtExecutionProvider[];
  readonly graphOptimizationLevel: "all";
  readonly logSeverityLevel: 4;
  readonly intraOpNumThreads?: number;
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly extra?: Record<string, unknown>;
}
