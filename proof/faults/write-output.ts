// The process that is killed. `node write-output.ts KIND SOURCE PATH FORCE`: says "begin" before it opens the source, and "end".
import { writeOutput } from "./outputs.ts";

const [kind = "", source = "", path = "", force] = process.argv.slice(2);
process.stdout.write("begin\n");
await writeOutput(kind, source, path, force === "force");
process.stdout.write("end\n");
