/**
 * A compute shader. Its text may depend on what a device is and on constants of a model (head size, activation, storage type), but never on
 * batch, sequence or other sizes of one run: these come as uniforms, so that every length uses the same pipeline. The text is the key
 * of the pipeline cache. With uniforms that are all zero it ends at once: so it is started when a session is prepared.
 *
 * Bindings, all in group 0: binding 0 is `var<uniform>`, a struct of the `uniforms` of each dispatch; 1, 2, … are the storage buffers in
 * order. The entry point is `main`.
 */
export interface Kernel {
  /** Its file's name, with what tells variants apart: `linear-tiled`, for profiles and labels. */
  readonly name: string;
  /** WGSL; or what loads and makes it when it is compiled, for kernels that few devices or graphs need. */
  readonly code: string | (() => Promise<string>);
  /** Of the storage buffers in order: `read` is `var<storage, read>`, `write` is `var<storage, read_write>`. */
  readonly access: readonly ("read" | "write")[];
  /**
   * Whether it rounds float32 numbers that it reads to float16, so that what float16 cannot hold is not a number in what it writes
   * (`halvesCode`). Default: false.
   */
  readonly narrows?: boolean | undefined;
}

/** A kernel's WGSL. */
export async function kernelText({ code }: Pick<Kernel, "code">): Promise<string> {
  return typeof code === "string" ? code : code();
}

/**
 * How values lie in GPU memory. bool and int32 are 4 bytes each; float16, for weights and for float32 values between kernels, two to a word,
 * the first in the low half.
 */
export type Storage = "float32" | "float16" | "int32" | "bool";

/** A tensor in GPU memory, in C order. Its bytes start at an offset that is a multiple of 256, and are filled up to a multiple of 4. */
export interface DeviceTensor {
  /** Unique in a plan. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly storage: Storage;
  readonly byteLength: number;
  /**
   * Where it is no memory of its own but columns of a wider tensor (the query of a layer, beside key and value): that tensor, `[…, rows,
   * rowStride]`, and the element of it with which the first row begins. Only kernels whose operation says so are given such tensors.
   */
  readonly columnsOf?: { readonly tensor: DeviceTensor; readonly offset: number; readonly rowStride: number } | undefined;
  /** Where it is no memory of its own but rows of a taller tensor (weights that are multiplied in one): that tensor, which is what is bound. */
  readonly rowsOf?: { readonly tensor: DeviceTensor; readonly byteOffset: number } | undefined;
}

/** Where the rows of a tensor `[…, columns]` lie: row r begins at element `offset + r · rowStride` of `tensor`, which is what is bound. */
export interface RowLayout {
  readonly tensor: DeviceTensor;
  readonly offset: number;
  readonly rowStride: number;
}

export function rowLayout(tensor: DeviceTensor): RowLayout {
  return tensor.columnsOf ?? { tensor, offset: 0, rowStride: tensor.shape.at(-1) ?? 1 };
}

/**
 * What a dispatch binds: a tensor, or a part of it. A binding may not be larger than `limits.maxStorageBufferBindingSize`, so a kernel that
 * meets larger tensors (the embedding table, the output layer of a masked language model) binds ranges of them in several dispatches.
 */
export interface Operand {
  readonly tensor: DeviceTensor;
  /** Bytes from the tensor's start; a multiple of 256. Default 0. */
  readonly byteOffset?: number | undefined;
  /** Default: all that follows. */
  readonly byteLength?: number | undefined;
}

/** One execution of a kernel. */
export interface Dispatch {
  readonly kernel: Kernel;
  /** What fills binding 0, in the layout of the shader's struct (4-byte fields; a multiple of 16 bytes in all). */
  readonly uniforms: ArrayBuffer;
  /** The storage buffers from binding 1, as `kernel.access` says. What one dispatch writes, it does not bind a second time. */
  readonly operands: readonly Operand[];
  readonly workgroups: readonly [number, number, number];
  /** What the formula needs, for profiles: multiplications and additions, and each byte read or written once. */
  readonly work: { readonly floatingPointOperations: number; readonly bytes: number };
}
