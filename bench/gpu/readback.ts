// A program of the GPU archive: what waiting for a GPU and reading its results back cost the host, piece by piece.
// Options: --quick (little of it, on a cold clock), --output FILE.
import { readFile, writeFile } from "node:fs/promises";
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
const rounds = options.quick ? 3 : 13;

/** What is read for no other purpose than to have been read. */
let read = 0;
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

for (const megabytes of options.quick ? [1] : [0.001, 1.6, 12.6, 50.3]) {
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
  const written = new Uint8Array(size).fill(1);
  for (let round = 0; round < rounds; round++) {
    await phase("copied and mapped", () => {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, target, 0, size);
      device.queue.submit([encoder.finish()]);
      return target.mapAsync(mapMode.read);
    });
    const range = await phase("getMappedRange", () => target.getMappedRange());
    await phase("into memory that was written to before", () => written.set(new Uint8Array(range)));
    for (const kibibytes of [64, 256, 1024])
      await phase(`into the same, ${kibibytes} KiB at a time`, () => copyInPieces(written, range, kibibytes * 1024));
    await phase("into new zeros", () => new Uint8Array(size).set(new Uint8Array(range)));
    await phase("into new zeros, 256 KiB at a time", () => copyInPieces(new Uint8Array(size), range, 256 * 1024));
    await phase("new zeros, each page written to", () => touched(new Uint8Array(size)));
    await phase("Buffer.allocUnsafeSlow, each page written to", () => touched(Buffer.allocUnsafeSlow(size)));
    const unsafe = await phase("Buffer.allocUnsafeSlow", () => Buffer.allocUnsafeSlow(size));
    await phase("into it", () => unsafe.set(new Uint8Array(range)));
    const other = Buffer.allocUnsafeSlow(size);
    await phase("into another, 256 KiB at a time", () => copyInPieces(other, range, 256 * 1024));
    await phase("unmap", () => target.unmap());
  }
  report(`${megabytes} MB`, size, phases);
  source.destroy();
  target.destroy();
}

// A result in pieces: several buffers, whose copies the GPU is given in one submit or in one for each, and each of which is read as soon as it is
// mapped. What is read first then need not have left the processor's cache, and what is read later arrives meanwhile.
for (const megabytes of options.quick ? [1] : [12.6, 50.3]) {
  const size = Math.ceil((megabytes * 1e6) / 256) * 256;
  const source = device.createBuffer({ size, usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination });
  const memory = new Uint8Array(size).fill(1);
  const phases: Record<string, number[]> = {};
  for (const pieces of [1, 2, 4, 8]) {
    const pieceSize = Math.ceil(size / pieces / 256) * 256;
    const targets = Array.from({ length: pieces }, (_, piece) => ({
      at: piece * pieceSize,
      buffer: device.createBuffer({
        size: Math.min(pieceSize, size - piece * pieceSize),
        usage: bufferUsage.mapRead | bufferUsage.copyDestination,
      }),
    }));
    for (const submits of pieces === 1 ? ["one submit"] : ["one submit", "a submit each"]) {
      for (const step of [0, 256 * 1024]) {
        const times: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const start = performance.now();
          let encoder = device.createCommandEncoder();
          for (const { at, buffer } of targets) {
            encoder.copyBufferToBuffer(source, at, buffer, 0, buffer.size);
            if (submits === "one submit") continue;
            device.queue.submit([encoder.finish()]);
            encoder = device.createCommandEncoder();
          }
          if (submits === "one submit") device.queue.submit([encoder.finish()]);
          await Promise.all(
            targets.map(async ({ at, buffer }) => {
              await buffer.mapAsync(mapMode.read);
              const part = memory.subarray(at, at + buffer.size);
              if (step === 0) part.set(new Uint8Array(buffer.getMappedRange()));
              else copyInPieces(part, buffer.getMappedRange(), step);
              buffer.unmap();
            }),
          );
          times.push(performance.now() - start);
        }
        phases[`${pieces} buffers, ${submits}, ${step === 0 ? "each read at once" : "256 KiB at a time"}`] = times;
      }
    }
    for (const { buffer } of targets) buffer.destroy();
  }
  report(`${megabytes} MB from the submit to the last byte`, size, phases);
  source.destroy();
}
// The same as it comes in a run: into memory that is made while the GPU works, by a host that sleeps for most of that time.
{
  const size = options.quick ? 3 * 256 * 1024 : 3 * 4 * 1024 * 1024;
  const pieceSize = size / 3;
  const source = device.createBuffer({ size, usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination });
  const targets = [0, 1, 2].map((piece) => ({
    at: piece * pieceSize,
    buffer: device.createBuffer({ size: pieceSize, usage: bufferUsage.mapRead | bufferUsage.copyDestination }),
  }));
  const steps = await busy.stepsOf(options.quick ? 2 : 8);
  const kept = new Uint8Array(size).fill(1);
  const memories: Readonly<Record<string, () => Uint8Array>> = {
    "the same memory": () => kept,
    "new zeros": () => touched(new Uint8Array(size)),
    "Buffer.allocUnsafeSlow": () => touched(Buffer.allocUnsafeSlow(size)),
  };
  const phases: Record<string, number[]> = {};
  for (const [name, make] of Object.entries(memories))
    for (const [step, wait] of [
      [pieceSize, "asleep"],
      [256 * 1024, "asleep"],
      [256 * 1024, "awake"],
      [256 * 1024, "asleep, then each line written to"],
      [256 * 1024, "asleep, then each line read"],
    ] as const) {
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const from = performance.now();
        busy.submit(steps);
        for (const { at, buffer } of targets) {
          const encoder = device.createCommandEncoder();
          encoder.copyBufferToBuffer(source, at, buffer, 0, pieceSize);
          device.queue.submit([encoder.finish()]);
        }
        const memory = make();
        if (wait !== "awake") await new Promise((resolve) => setTimeout(resolve, Math.max(0, 5 - (performance.now() - from))));
        if (wait.endsWith("written to")) for (let at = 0; at < size; at += 64) memory[at] = 1;
        if (wait.endsWith("read")) for (let at = 0; at < size; at += 64) read += memory[at] ?? 0;
        let first = 0;
        await Promise.all(
          targets.map(async ({ at, buffer }) => {
            await buffer.mapAsync(mapMode.read);
            first ||= performance.now();
            copyInPieces(memory.subarray(at), buffer.getMappedRange(), step);
            buffer.unmap();
          }),
        );
        times.push(performance.now() - first);
      }
      phases[`into ${name}, ${step === pieceSize ? "piece by piece" : "256 KiB at a time"}, ${wait}`] = times;
    }
  report(`${size / 1e6} MB behind other work, from the first mapped to the last byte`, size, phases);
}
for (const file of [
  "/sys/kernel/mm/transparent_hugepage/enabled",
  "/sys/devices/system/cpu/cpu0/cache/index2/size",
  "/sys/devices/system/cpu/cpu0/cache/index3/size",
  "/sys/devices/system/cpu/cpu0/cache/index3/shared_cpu_list",
])
  console.log(`  ${file}: ${(await readFile(file, "utf8").catch(() => "not told")).trim()}`);
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

function touched(memory: Uint8Array): Uint8Array {
  for (let at = 0; at < memory.length; at += 4096) memory[at] = 1;
  return memory;
}

function copyInPieces(target: Uint8Array, source: ArrayBuffer, bytes: number): void {
  for (let at = 0; at < source.byteLength; at += bytes) target.set(new Uint8Array(source, at, Math.min(bytes, source.byteLength - at)), at);
}

function report(title: string, size: number, phases: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, all] of Object.entries(phases)) {
    const time = median(all.slice(1));
    say(`${title}: ${name}`, time, "ms");
    if (size > 1e5 && time > 0.1) say(`${title}: ${name}`, size / 1e6 / time, "GB/s");
  }
}
