/**
 * WebGPU's own objects where a program's types know them (`lib: dom` of TypeScript 6 and newer, or `@webgpu/types`), else any object: so
 * these declarations need neither, and stand beside both.
 */
type GpuObject<Name extends string> = typeof globalThis extends { readonly [name in Name]: { readonly prototype: infer Value } }
  ? Value
  : object;

/** `GPUDevice`. */
export type GpuDevice = GpuObject<"GPUDevice">;

/** `GPUAdapter`. */
export type GpuAdapter = GpuObject<"GPUAdapter">;
