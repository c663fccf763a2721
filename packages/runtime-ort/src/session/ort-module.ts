/**
 * What is used of onnxruntime: the part that `onnxruntime-node`, `onnxruntime-web` and its entries share. Any of them can be handed in:
 * `ort({ module: await import("onnxruntime-web") })`.
 */
export interface OrtModule {
  /** Makes sessions of a model's bytes. */
  readonly InferenceSession: {
    create(model: Uint8Array, options: OrtSessionOptions): Promise<OrtSession>;
  };
  /** Makes tensors of typed arrays. */
  readonly Tensor: new (type: OrtTensorType, data: OrtTensorData, dims: readonly number[]) => OrtTensor;
  /** Versions and settings of the module, shared by all its sessions. */
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
  /** Element type, in onnxruntime's words. */
  readonly type: string;
  /** In elements. */
  readonly dims: readonly number[];
  /** The typed array of its type. */
  readonly data: unknown;
}

/** A session of onnxruntime, as far as it is used. */
export interface OrtSession {
  /** Computes the outputs that `fetches` names. */
  run(feeds: Readonly<Record<string, OrtTensor>>, fetches: readonly string[]): Promise<Readonly<Record<string, OrtTensor>>>;
  /** Frees the session; called once. */
  release(): Promise<void>;
}

/** An execution provider by its name, or with its options, as onnxruntime takes them. */
export type OrtExecutionProvider = string | ({ readonly name: string } & Readonly<Record<string, unknown>>);

/** The options with which sessions of onnxruntime are made. */
export interface OrtSessionOptions {
  /** In the order of preference. */
  readonly executionProviders: readonly OrtExecutionProvider[];
  /** Everything that onnxruntime can do. */
  readonly graphOptimizationLevel: "all";
  /** Fatal errors alone: the others are thrown. */
  readonly logSeverityLevel: 4;
  /** Threads that compute. Default: onnxruntime's own. */
  readonly intraOpNumThreads?: number;
  /** Weights beside the model, by the path that the model names. */
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[];
  /** Further settings, by onnxruntime's configuration keys. */
  readonly extra?: Record<string, unknown>;
}
