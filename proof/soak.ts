// `npm run soak [-- --only reference|webgpu|ort-native|ort-wasm|serve] [--calls N] [--cycles N] [--seconds N]`: a long life. Each runtime, in a process of its own, makes
// N calls of changing length (default 1,000), 64 at once, calls that are aborted at random moments, N cycles of prepare and dispose (default 100), and on
// webgpu loses its device in the middle of runs. Then what it holds must be what it held after warming up: the heap, memory outside of it, files, handles, and
// the GPU's buffers. What the process has as a whole (RSS) is printed along the way. A server (`@longspan/serve`) is under load for N seconds (default 600): clients
// that keep their connections and others, texts of changing length, clients that leave, requests that are wrong, models that are lost; RSS counts there, too.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { numberOption } from "./number-option.ts";
import { soakRuntime } from "./soak/soak-runtime.ts";
import { soakServer } from "./soak/soak-server.ts";
import { isSoakedRuntime, soakedRuntimes } from "./soak/runtimes.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    calls: { type: "string", default: "1000" },
    cycles: { type: "string", default: "100" },
    seconds: { type: "string", default: "600" },
  },
});

/** Each in a process of its own. */
const parts = [...Object.keys(soakedRuntimes), "serve"];

if (options.only === undefined) {
  const self = fileURLToPath(import.meta.url);
  const numbers = ["calls", "cycles", "seconds"] as const;
  for (const part of parts) {
    const words = [
      "--expose-gc",
      "--conditions=@longspan/source",
      self,
      "--only",
      part,
      ...numbers.flatMap((name) => [`--${name}`, options[name]]),
    ];
    if (spawnSync(process.execPath, words, { stdio: "inherit" }).status !== 0) process.exitCode = 1;
  }
} else if (parts.includes(options.only)) {
  const problems = isSoakedRuntime(options.only)
    ? await soakRuntime(options.only, { calls: numberOption("calls", options.calls), cycles: numberOption("cycles", options.cycles) })
    : await soakServer(numberOption("seconds", options.seconds));
  for (const problem of problems) console.log(`  ! ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  console.error(`There is no ${options.only}: ${parts.join(", ")}.`);
  process.exitCode = 2;
}
