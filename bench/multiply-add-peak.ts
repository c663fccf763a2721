// What a GPU reaches in float32 multiply-adds when nothing else is to be done: the measure that shares of the peak are of, since WebGPU tells
// neither clock nor cores.
import { bufferUsage } from "../packages/runtime-webgpu/src/device/gpu-constants.ts";

/** Independent sums of an invocation, in vectors of four: enough to hide that each waits for the one before it. */
const chains = 8;
const workgroupSize = 256;
const workgroups = 4096;

/** A kernel of nothing but multiply-adds, to keep a GPU busy with. */
export interface BusyKernel {
  /** Multiplications and additions of a step. */
  readonly operations: number;
  /** As many dispatches of one workgroup, of as many steps as `write` said. */
  encode(dispatches: number): GPUCommandBuffer;
  write(steps: number): void;
  submit(steps: number): void;
  /** How many steps take at least so many milliseconds (a power of two). */
  stepsOf(milliseconds: number): Promise<number>;
  /** Milliseconds of the wall clock. */
  time(steps: number): Promise<number>;
  destroy(): void;
}

export async function busyKernel(device: GPUDevice): Promise<BusyKernel> {
  const names = Array.from({ length: chains }, (_, chain) => `sum_${chain}`);
  const code = `
struct Uniforms { steps: u32, factor: f32, addend: f32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let factor = vec4<f32>(uniforms.factor);
  let addend = vec4<f32>(uniforms.addend);
  ${names.map((name, chain) => `var ${name} = vec4<f32>(f32(id.x) + ${chain}.0);`).join("\n  ")}
  for (var step = 0u; step < uniforms.steps; step++) {
    ${names.map((name) => `${name} = fma(${name}, factor, addend);`).join("\n    ")}
  }
  // Never true, which the compiler cannot know.
  let all = ${names.join(" + ")};
  if (all.x == 12345.678) { out[id.x] = all; }
}`;
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
  });
  const uniforms = device.createBuffer({ size: 16, usage: bufferUsage.uniform | bufferUsage.copyDestination });
  const out = device.createBuffer({ size: 16, usage: bufferUsage.storage });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [uniforms, out].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const record = (dispatches: number, groups: number): GPUCommandBuffer => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let dispatch = 0; dispatch < dispatches; dispatch++) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(groups);
    }
    pass.end();
    return encoder.finish();
  };
  const write = (steps: number): void => {
    const fields = new DataView(new ArrayBuffer(16));
    fields.setUint32(0, steps, true);
    fields.setFloat32(4, 0.999, true);
    fields.setFloat32(8, 0.001, true);
    device.queue.writeBuffer(uniforms, 0, fields.buffer);
  };
  const time = async (steps: number): Promise<number> => {
    write(steps);
    await device.queue.onSubmittedWorkDone();
    const start = performance.now();
    device.queue.submit([record(1, workgroups)]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  return {
    operations: 2 * 4 * chains * workgroupSize * workgroups,
    encode: (dispatches) => record(dispatches, 1),
    write,
    submit(steps) {
      write(steps);
      device.queue.submit([record(1, workgroups)]);
    },
    async stepsOf(milliseconds) {
      await time(1);
      let steps = 64;
      while ((await time(steps)) < milliseconds && steps < 2 ** 24) steps *= 2;
      return steps;
    },
    time,
    destroy() {
      uniforms.destroy();
      out.destroy();
    },
  };
}

/** 10⁹ operations a second, a multiply-add counted as two; the best of a few runs of some ten milliseconds. */
export async function multiplyAddPeak(device: GPUDevice): Promise<number> {
  const busy = await busyKernel(device);
  const steps = await busy.stepsOf(30);
  const times: number[] = [];
  for (let round = 0; round < 5; round++) times.push(await busy.time(steps));
  busy.destroy();
  return (busy.operations * steps) / 1e6 / Math.min(...times);
}
