// The process that is killed. `node write-answers.ts JOBS OUTPUT`: says "begin" before it opens the model, and "end".
import { writeAnswers } from "./answers.ts";

const [input = "", output = ""] = process.argv.slice(2);
process.stdout.write("begin\n");
await writeAnswers(input, output);
process.stdout.write("end\n");
