import { kernelText, type Kernel } from "../kernel/kernel.ts";

export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  /** Of bind group 0. */
  readonly layout: GPUBindGroupLayout;
}

/** Compiles kernels, each text once; side by side when asked for several. */
export interface PipelineCache {
  /** @throws Error (the promise) when WebGPU refuses the shader: a bug of the kernel. */
  get(kernel: Kernel): Promise<CompiledKernel>;
}

/** What a kernel binds: its uniforms, and then its storage buffers. */
export function bindGroup(
  device: GPUDevice,
  { layout }: Pick<CompiledKernel, "layout">,
  resources: readonly GPUBufferBinding[],
  label: string = "",
): GPUBindGroup {
  return device.createBindGroup({ label, layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
}

/** GPUShaderStage.COMPUTE. */
const computeStage = 4;

export function createPipelineCache(device: GPUDevice): PipelineCache {
  const layouts = new Map<string, { readonly group: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout }>();
  const compiled = new Map<string, Promise<CompiledKernel>>();

  const layoutOf = ({ access }: Kernel): { readonly group: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout } => {
    const key = access.join(" ");
    const known = layouts.get(key);
    if (known !== undefined) return known;
    const types: readonly GPUBufferBindingType[] = ["uniform", ...access.map((way) => (way === "read" ? "read-only-storage" : "storage"))];
    const group = device.createBindGroupLayout({
      label: key,
      entries: types.map((type, binding) => ({ binding, visibility: computeStage, buffer: { type } })),
    });
    const layout = { group, pipeline: device.createPipelineLayout({ label: key, bindGroupLayouts: [group] }) };
    layouts.set(key, layout);
    return layout;
  };

  const compile = async (kernel: Kernel, code: string): Promise<CompiledKernel> => {
    const { name } = kernel;
    device.pushErrorScope("validation");
    const layout = layoutOf(kernel);
    const module = device.createShaderModule({ label: name, code });
    const refused = device.popErrorScope();
    const compiling = device.createComputePipelineAsync({ label: name, layout: layout.pipeline, compute: { module, entryPoint: "main" } });
    try {
      const [pipeline] = await Promise.all([compiling, refused]);
      return { pipeline, layout: layout.group };
    } catch (cause) {
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map(({ lineNum, linePos, message }) => `  ${lineNum}:${linePos} ${message}`);
      throw new Error(
        [`The kernel ${name} does not compile: ${cause instanceof Error ? cause.message : String(cause)}`, ...lines].join("\n"),
        {
          cause,
        },
      );
    }
  };

  return {
    async get(kernel) {
      const code = await kernelText(kernel);
      const key = `${kernel.access.join(" ")}\n${code}`;
      const known = compiled.get(key);
      if (known !== undefined) return known;
      const compiling = compile(kernel, code);
      compiled.set(key, compiling);
      // A driver that was busy or had no memory left may take it the next time.
      compiling.catch(() => compiled.delete(key));
      return compiling;
    },
  };
}
