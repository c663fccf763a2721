import module from "node:module";
import { exitCodes } from "./exit-code.ts";
import { standardOutput, watchOutput } from "./process-output.ts";
import { endWithReader, needsQuietProcess, runQuietly } from "./runtimes/quiet-process.ts";

// Compiled code is kept between runs (in the system's folder for temporary files): a third of `inspect` is compiling otherwise.
// Node 22.0 has no such thing.
module.enableCompileCache?.();

if (needsQuietProcess(process.argv.slice(2))) process.exitCode = await runQuietly();
else await runHere();

async function runHere(): Promise<void> {
  endWithReader();
  const interruption = new AbortController();
  let interrupted = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      const now = performance.now();
      // The second time, whoever pressed it does not want to wait for cleaning up. At once, it is the same one, from the terminal and passed on.
      if (interruption.signal.aborted && now - interrupted > 100) process.exit(exitCodes.interrupted);
      if (!interruption.signal.aborted) interrupted = now;
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
}
