// A program of the GPU archive: what waiting for a GPU and reading its results back cost the host, piece by piece.
// Options: --quick (little of it, on a cold clock), --output FILE.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { bufferUsage, mapMode } from "../../packages/runtime-webgpu/src/device/gpu-constants.ts";
import { testDevice } from "../../packages/runtime-webgpu/src/testing/test-device.ts";
import { busyKernel } from "../multiply-add-peak.ts";
import { warmClock } from "../warm-clock.ts";
import { median } from "../whole-process.ts";

const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false }, output: { type: "string" } } });
const { device, facts } = await testDevice();
const figures: Record<string, number> = {};
const say = (name: string, value: number, unit: string): void => {
  figures[`${name}, ${unit}`] = value;
  console.log(`  ${name.padEnd(72)} ${value.toFixed(3).padStart(10)} ${unit}`);
};
console.log(facts.name);
if (facts.kind === "gpu" && !options.quick) await warmClock(device);
const rounds = options.quick ? 3 : 20;

const busy = await busyKernel(device);
const idle = async (title: string, wait: (milliseconds: number) => Promise<unknown>): Promise<void> => {
  const steps = await busy.stepsOf(options.quick ? 10 : 100);
  const start = performance.now();
  busy.submit(steps);
  await device.queue.onSubmittedWorkDone();
  const expected = performance.now() - start;
  const before = process.cpuUsage();
  const from = performance.now();
  busy.submit(steps);
  await wait(expected);
  const took = performance.now() - from;
  const { user, system } = process.cpuUsage(before);
  say(`${title}: share of a core while the GPU works`, (100 * (user + system)) / 1000 / took, "%");
  say(`${title}: longer than the work`, took - expected, "ms");
};
await idle("a promise from the start", () => device.queue.onSubmittedWorkDone());
await idle("asleep for most of it, then a promise", async (expected) => {
  await new Promise((resolve) => setTimeout(resolve, 0.9 * expected - 1));
  await device.queue.onSubmittedWorkDone();
});

await times("nothing submitted, until it is done", async () => {
  device.queue.submit([device.createCommandEncoder().finish()]);
  await device.queue.onSubmittedWorkDone();
});
busy.write(0);
for (const dispatches of [1, 170]) {
  const encode = (): GPUCommandBuffer => busy.encode(dispatches);
  await times(`${dispatches} dispatches of nothing: recorded`, async () => void encode());
  await times(`${dispatches} dispatches of nothing: recorded and submitted`, async () => device.queue.submit([encode()]));
  await device.queue.onSubmittedWorkDone();
  await times(`${dispatches} dispatches of nothing: until done`, async () => {
    device.queue.submit([encode()]);
    await device.queue.onSubmittedWorkDone();
  });
}

for (const megabytes of options.quick ? [1] : [0.001, 12.6, 50.3]) {
  const size = Math.ceil((megabytes * 1e6) / 256) * 256;
  const source = device.createBuffer({ size, usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination });
  const target = device.createBuffer({ size, usage: bufferUsage.mapRead | bufferUsage.copyDestination });
  const phases: Record<string, number[]> = {};
  const phase = async <Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> => {
    const start = performance.now();
    const result = await work();
    (phases[name] ??= []).push(performance.now() - start);
    return result;
  };
  const touched = new Uint8Array(size).fill(1);
  for (let round = 0; round < rounds; round++) {
    await phase("copied and mapped", () => {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, target, 0, size);
      device.queue.submit([encoder.finish()]);
      return target.mapAsync(mapMode.read);
    });
    const range = await phase("getMappedRange", () => target.getMappedRange());
    await phase("into memory that was written to before", () => touched.set(new Uint8Array(range)));
    await phase("slice", () => range.slice(0));
    await phase("into new zeros", () => new Uint8Array(size).set(new Uint8Array(range)));
    const unsafe = await phase("Buffer.allocUnsafeSlow", () => Buffer.allocUnsafeSlow(size));
    await phase("into it", () => unsafe.set(new Uint8Array(range)));
    await phase("unmap", () => target.unmap());
  }
  for (const [name, all] of Object.entries(phases)) {
    say(`${megabytes} MB: ${name}`, median(all.slice(1)), "ms");
    if (megabytes > 0.1) say(`${megabytes} MB: ${name}`, size / 1e6 / median(all.slice(1)), "GB/s");
  }
  source.destroy();
  target.destroy();
}
busy.destroy();
device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify(figures));

async function times(name: string, work: () => Promise<unknown>): Promise<void> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    all.push(performance.now() - start);
  }
  say(name, median(all.slice(1)), "ms");
}
