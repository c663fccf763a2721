import module from "node:module";
import { exitCodes } from "./exit-code.ts";
import { standardOutput, watchOutput } from "./process-output.ts";

// Compiled code is kept between runs (in the system's folder for temporary files): a third of `inspect` is compiling otherwise.
// Node 22.0 has no such thing.
module.enableCompileCache?.();

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The second time, whoever pressed it does not want to wait for cleaning up.
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    interruption.abort();
  });
}
const terminal = {
  // Opened when it is read: most commands do not.
  get input() {
    return process.stdin;
  },
  out: standardOutput(),
  error: process.stderr,
};
let isOutputLost = false;
watchOutput(terminal, () => {
  isOutputLost = true;
  process.exitCode = exitCodes.environment;
});

const { run } = await import("./run.ts");
const code = await run(process.argv.slice(2), terminal, interruption.signal);
process.exitCode = isOutputLost ? exitCodes.environment : code;
// What was given up may go on for a while, a connection that nobody answers for ten seconds: nobody is to wait for it.
if (code === exitCodes.interrupted || code === exitCodes.environment) terminal.out.write("", () => process.exit());
