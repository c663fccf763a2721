// A program of the GPU archive: what the machine's adapters are and can do, and what the first of them reaches at its best.
// Options: --quick (leave out the latter), --output FILE.
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { findAdapters } from "@longspan/runtime-webgpu";
import { openDevice } from "../../packages/runtime-webgpu/src/device/open-device.ts";
import { multiplyAddPeak } from "../multiply-add-peak.ts";
import { warmClock } from "../warm-clock.ts";

const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false }, output: { type: "string" } } });
const adapters = await findAdapters();
console.log(
  `Node ${process.versions.node}; ${availableParallelism()} of ${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
);
for (const { name, kind, features, ...facts } of adapters) {
  console.log(`${name} (${kind})`);
  for (const [fact, value] of Object.entries(facts)) console.log(`  ${fact}: ${JSON.stringify(value)}`);
  console.log(`  features: ${features.join(", ")}`);
}
const { device, facts } = await openDevice({});
console.log(`opened: ${facts.name}, with ${[...device.features].toSorted().join(", ")}`);
let gigaflops: number | undefined;
if (!options.quick) {
  await warmClock(device);
  gigaflops = await multiplyAddPeak(device);
  console.log(`multiply-adds alone: ${gigaflops.toFixed(0)} GFLOP/s`);
}
device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ adapters, opened: facts, multiplyAdds: gigaflops }));
