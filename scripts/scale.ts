// npm run scale: sets up Python with Ray and Spark in a folder that git ignores, and checks both with 2,000 jobs.
// PYTHON names the Python (3.11) that the environment is made with; Spark's Java comes from the system.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const here = join(root, "examples/at-scale");
const folder = join(root, "out/scale");
const python = join(folder, "environment/bin/python");

function run(command: string, words: readonly string[], hint: string): void {
  const { status, error } = spawnSync(command, words, { stdio: "inherit" });
  if (error === undefined && status === 0) return;
  console.error(hint);
  process.exit(1);
}

if (spawnSync("java", ["-version"]).status !== 0) {
  console.error("Spark needs Java 17. On Debian: apt-get install default-jre-headless");
  process.exit(1);
}
if (!existsSync(python))
  run(process.env.PYTHON ?? "python3", ["-m", "venv", join(folder, "environment")], "Python 3.11 with venv is needed: set PYTHON to one.");
run(python, ["-m", "pip", "install", "--quiet", "--requirement", join(here, "requirements.txt")], "Ray and Spark could not be installed.");
const model = join(root, "examples/train-lightning-qa/model/longformer-qa.ckpt");
const longspan = [process.execPath, join(root, "packages/cli/bin/longspan.cjs"), "ask", model];
run(
  python,
  [join(here, "check_scale.py"), join(folder, "answers"), ...process.argv.slice(2), "--", ...longspan],
  "Not all is well: see above.",
);
