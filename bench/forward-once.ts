// One process of bench/forward.ts: prepares one graph in one runtime, runs it, and writes what it took to a file.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { LongformerConfig } from "@longspan/core";
import { maskCodes } from "@longspan/core/graph";
import { prepareInputs, referenceRuntime, type Runtime, type SessionInputs } from "@longspan/core/runtime";
import { forwardGraph, noiseWeights, parts, type Part } from "./forward-graphs.ts";
import { modelConfig } from "./forward-models.ts";

export interface Forward {
  readonly device: string;
  readonly prepareSeconds: number;
  /** Of each run, the first of which is slower. */
  readonly seconds: readonly number[];
}

const { values: options } = parseArgs({
  options: {
    runtime: { type: "string", default: "ort" },
    model: { type: "string", default: "tiny" },
    part: { type: "string", default: "model" },
    tokens: { type: "string", default: "512" },
    globals: { type: "string", default: "16" },
    threads: { type: "string", default: "2" },
    runs: { type: "string", default: "3" },
    output: { type: "string", default: "forward.json" },
  },
});
const part = parts.find((name) => name === options.part);
if (part === undefined) throw new Error(`--part is one of ${parts.join(", ")}`);
const threads = Number(options.threads);
// A process loads only what it measures.
const runtimes: Readonly<Record<string, () => Promise<Runtime>>> = {
  reference: async () => referenceRuntime(),
  ort: async () => (await import("@longspan/runtime-ort")).ort({ executionProviders: ["cpu"], threads }),
  "ort-web": async () => (await import("@longspan/runtime-ort")).ort({ executionProviders: ["wasm"], threads }),
  webgpu: async () => (await import("@longspan/runtime-webgpu")).webgpu(),
};
const create = runtimes[options.runtime];
if (create === undefined) throw new Error(`--runtime is one of ${Object.keys(runtimes).join(", ")}`);

const config = modelConfig(options.model);
const graph = forwardGraph(config, part);
const inputs = forwardInputs(config, part, Number(options.tokens), Number(options.globals));
const started = performance.now();
const session = await (await create()).prepare(graph, noiseWeights(graph));
const prepareSeconds = (performance.now() - started) / 1000;
const seconds: number[] = [];
for (let run = 0; run <= Number(options.runs); run++) {
  const start = performance.now();
  await session.run(inputs);
  seconds.push((performance.now() - start) / 1000);
}
const forward: Forward = { device: session.device, prepareSeconds, seconds };
await session.dispose();
await writeFile(options.output, JSON.stringify(forward));

function forwardInputs(config: LongformerConfig, part: Part, tokens: number, globals: number): SessionInputs {
  const isGlobal = Array.from({ length: tokens }, (_, position) => position < globals);
  if (part === "model") {
    const ids = isGlobal.map((_, position) => 3 + ((position * 7919) % (config.vocabSize - 3)));
    return prepareInputs(config, "model", { input_ids: [ids], global_attention_mask: [isGlobal.map(Number)] });
  }
  const data = Float32Array.from({ length: tokens * config.hiddenSize }, (_, index) => Math.sin(index));
  const hidden = { dataType: "float32", shape: [1, tokens, config.hiddenSize], data } as const;
  if (part === "linear") return { hidden };
  const codes = Int32Array.from(isGlobal, (flag) => (flag ? maskCodes.global : maskCodes.local));
  return { hidden, mask: { dataType: "int32", shape: [1, tokens], data: codes } };
}
