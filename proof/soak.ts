// `npm run soak [-- --runtime reference|webgpu|ort-native|ort-wasm|all] [--calls N] [--cycles N]`: a long life. Each runtime, in a process of its own, makes
// N calls of changing length (default 1,000), 64 at once, calls that are aborted at random moments, N cycles of prepare and dispose (default 100), and on
// webgpu loses its device in the middle of runs. Then what it holds must be what it held after warming up: the heap, memory outside of it, files, handles, and
// the GPU's buffers. What the process has as a whole (RSS) is printed along the way.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { soakRuntime } from "./soak/soak-runtime.ts";
import { isSoakedRuntime, soakedRuntimes } from "./soak/runtimes.ts";

const { values: options } = parseArgs({
  options: {
    runtime: { type: "string", default: "all" },
    calls: { type: "string", default: "1000" },
    cycles: { type: "string", default: "100" },
  },
});

if (options.runtime === "all") {
  const self = fileURLToPath(import.meta.url);
  for (const runtime of Object.keys(soakedRuntimes)) {
    const words = [
      "--expose-gc",
      "--conditions=@longspan/source",
      self,
      "--runtime",
      runtime,
      "--calls",
      options.calls,
      "--cycles",
      options.cycles,
    ];
    if (spawnSync(process.execPath, words, { stdio: "inherit" }).status !== 0) process.exitCode = 1;
  }
} else if (isSoakedRuntime(options.runtime)) {
  const problems = await soakRuntime(options.runtime, { calls: Number(options.calls), cycles: Number(options.cycles) });
  for (const problem of problems) console.log(`  ! ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  console.error(`There is no runtime ${options.runtime}: all, ${Object.keys(soakedRuntimes).join(", ")}.`);
  process.exitCode = 2;
}
