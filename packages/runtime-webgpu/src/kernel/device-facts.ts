/** The limits that plans and kernels go by, under WebGPU's names; bytes or counts. */
export interface DeviceLimits {
  /** Bytes of a buffer that a kernel sees at once. */
  readonly maxStorageBufferBindingSize: number;
  /** Bytes of a buffer. */
  readonly maxBufferSize: number;
  /** Buffers that a kernel may have. */
  readonly maxStorageBuffersPerShaderStage: number;
  /** Bytes that a workgroup shares. */
  readonly maxComputeWorkgroupStorageSize: number;
  /** Threads of a workgroup. */
  readonly maxComputeInvocationsPerWorkgroup: number;
  /** Threads of a workgroup along its first axis. */
  readonly maxComputeWorkgroupSizeX: number;
  /** Workgroups of a dispatch along one axis. */
  readonly maxComputeWorkgroupsPerDimension: number;
}

/** Sizes of the matrices that a subgroup multiplies at once: `[rows, inner] · [inner, columns]`. WebGPU calls them M, N (columns) and K (inner). */
export interface MatrixShape {
  /** Of the first matrix and of the product (M). */
  readonly rows: number;
  /** Of the second matrix and of the product (N). */
  readonly columns: number;
  /** Columns of the first, rows of the second (K). */
  readonly inner: number;
}

/** Matrix units (tensor cores): products of float16 matrices with float32 sums, by all invocations of a subgroup together. */
export interface MatrixUnits {
  /** What the device says it can multiply, float16 with float32 sums; at least one. */
  readonly shapes: readonly MatrixShape[];
  /** Invocations of a subgroup. Devices whose subgroups have no fixed size count as having no matrix units. */
  readonly lanes: number;
}

/** What of a device decides which kernels run on it: plain data, so that every choice can be tested without the device. */
export interface DeviceFacts {
  /** For people: vendor, architecture, description. */
  readonly name: string;
  /** `cpu`: a software adapter (lavapipe, SwiftShader), where barriers and workgroup memory cost more than they save. */
  readonly kind: "gpu" | "cpu";
  /** The sizes a subgroup may have, where the device has subgroups. No kernel may rely on one of them. */
  readonly subgroups: { readonly minimum: number; readonly maximum: number } | undefined;
  /** Whether long code takes minutes to compile, as on SwiftShader: kernels then unroll less. */
  readonly compilesSlowly: boolean;
  /** Whether `enable f16;` works. Packed halves (`unpack2x16float`) work everywhere. */
  readonly shaderFloat16: boolean;
  /** undefined where there are none, or none for float16 with float32 sums. */
  readonly matrixUnits: MatrixUnits | undefined;
  /** Whether it takes the time of passes (`timestamp-query`). */
  readonly timestamps: boolean;
  /** Those that kernels are planned by. */
  readonly limits: DeviceLimits;
}
