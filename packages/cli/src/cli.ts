#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { exitCodes } from "./exit-code.ts";

// Compiled code is kept between runs (in the system's folder for temporary files): a third of `inspect` is compiling otherwise.
enableCompileCache();

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The second time, whoever pressed it does not want to wait for cleaning up.
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    interruption.abort();
  });
}
// A reader that goes away (`| head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  throw error;
});

const { run } = await import("./run.ts");
const terminal = {
  // Opened when it is read: most commands do not.
  get input() {
    return process.stdin;
  },
  out: process.stdout,
  error: process.stderr,
};
process.exitCode = await run(process.argv.slice(2), terminal, interruption.signal);
