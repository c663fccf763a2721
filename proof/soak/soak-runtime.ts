import { LongspanError } from "@longspan/core";
import { longformerGraph, type GraphTensor } from "@longspan/core/graph";
import { prepareInputs, type Runtime, type Session } from "@longspan/core/runtime";
import { seededWeights, tinyConfig } from "@longspan/core/testing";
import { random, type Random } from "../fuzz/random.ts";
import { countGpuBuffers } from "./gpu-buffers.ts";
import { grown, held, inWords } from "./held.ts";
import { soakedRuntimes, type SoakedRuntime } from "./runtimes.ts";

const atOnce = 64;
const aborted = 200;
const lost = 20;
const longest = 60;

/** Dawn's devices crash the process once what they came from is collected. */
let kept: GPU | undefined;

const graph = longformerGraph(tinyConfig, "question-answering");
const weights = seededWeights(graph);

function inputs(numbers: Random): Record<string, GraphTensor> {
  const length = 8 + numbers.below(longest - 8);
  // <s> question </s></s> document </s>
  const ids = Array.from({ length }, (_, at) => (at === 0 ? 0 : at === 3 || at === 4 || at === length - 1 ? 2 : 4 + numbers.below(40)));
  return prepareInputs(tinyConfig, "question-answering", { input_ids: [ids] });
}

/** @returns what is held in the end and was not after warming up, and what went wrong */
export async function soakRuntime(
  name: SoakedRuntime,
  { calls, cycles }: { readonly calls: number; readonly cycles: number },
): Promise<readonly string[]> {
  const problems: string[] = [];
  const numbers = random(7);
  const buffers = name === "webgpu" ? countGpuBuffers() : { count: 0, bytes: 0 };
  const runtime = await soakedRuntimes[name]();
  const say = async (what: string): Promise<void> => console.log(`${name}: ${what}: ${inWords(await held(buffers))}`);

  // Writing opens a handle of its own.
  console.log(`${name}:`);
  // Every length once: what is made for a length is kept.
  let session = await runtime.prepare(graph, weights);
  for (let call = 0; call < 100; call++) await session.run(inputs(numbers));
  await Promise.all(Array.from({ length: atOnce }, () => session.run(inputs(numbers))));
  await session.dispose();
  for (let cycle = 0; cycle < Math.min(5, cycles); cycle++) await oneCycle(runtime, numbers);
  // The second instance of Dawn, whose devices are lost, opens the driver once more.
  if (name === "webgpu") problems.push(...(await loseDevices(numbers)));
  const before = await held(buffers);
  console.log(`${name}: after warming up: ${inWords(before)}`);

  session = await runtime.prepare(graph, weights);
  for (let call = 0; call < calls; call++) await session.run(inputs(numbers));
  await say(`${calls} calls of changing length`);
  await Promise.all(Array.from({ length: atOnce }, () => session.run(inputs(numbers))));
  await say(`${atOnce} calls at once`);
  const ends = await abortCalls(session, numbers);
  // onnxruntime computes such a small model without a break: no timer comes between.
  if (ends.get("aborted") === undefined && !name.startsWith("ort")) problems.push("no call was aborted");
  for (const end of ends.keys()) if (end !== "aborted" && end !== "done") problems.push(`an aborted call ends with ${end}`);
  await say(`${aborted} calls aborted at random moments (${[...ends].map(([end, count]) => `${count} ${end}`).join(", ")})`);
  await session.dispose();

  for (let cycle = 1; cycle <= cycles; cycle++) {
    await oneCycle(runtime, numbers);
    if (cycle === 20 || cycle === 50 || cycle === cycles) await say(`${cycle} cycles of prepare and dispose`);
  }
  if (name === "webgpu") problems.push(...(await loseDevices(numbers)));
  const now = await held(buffers);
  console.log(`${name}: in the end: ${inWords(now)}`);
  return [...problems, ...grown(before, now)];
}

async function oneCycle(runtime: Runtime, numbers: Random): Promise<void> {
  const session = await runtime.prepare(graph, weights);
  await session.run(inputs(numbers));
  await session.dispose();
}

async function abortCalls(session: Session, numbers: Random): Promise<ReadonlyMap<string, number>> {
  const ends = new Map<string, number>();
  const start = performance.now();
  await session.run(inputs(numbers));
  const usual = performance.now() - start;
  for (let call = 0; call < aborted; call++) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), numbers.below(100) * 0.015 * usual);
    const end = await session.run(inputs(numbers), { signal: controller.signal }).then(
      () => "done",
      (error: unknown) => (LongspanError.isInstance(error) ? error.code : String(error)),
    );
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  return ends;
}

/** A device that is lost while it computes: runs under way and later ones say so, and a new session computes again. */
async function loseDevices(numbers: Random): Promise<readonly string[]> {
  const { webgpu } = await import("@longspan/runtime-webgpu");
  const problems: string[] = [];
  const gpu = (kept ??= (await import("webgpu")).create([]));
  for (let time = 0; time < lost; time++) {
    const adapter = await gpu.requestAdapter();
    const device = await adapter?.requestDevice();
    if (device === undefined) return ["there is no device to lose"];
    const runtime = webgpu({ device });
    const session = await runtime.prepare(graph, weights);
    const running = Promise.allSettled(Array.from({ length: 4 }, () => session.run(inputs(numbers))));
    await new Promise((resolve) => {
      setTimeout(resolve, numbers.below(10));
    });
    device.destroy();
    for (const result of await running) {
      if (result.status === "rejected" && !(LongspanError.isInstance(result.reason) && result.reason.code === "device-lost"))
        problems.push(`a lost device: a run ends with ${String(result.reason)}`);
    }
    await session.dispose();
    await runtime.dispose();
  }
  return problems;
}
