import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServedTask } from "@longspan/serve";

const root = fileURLToPath(new URL("..", import.meta.url));
const script = fileURLToPath(new URL("check_served.py", import.meta.url));
const models: Readonly<Record<ServedTask, string>> = {
  "question-answering": "fixtures/huggingface/question-answering",
  "fill-mask": "fixtures/huggingface/masked-lm",
  "text-classification": "fixtures/forward/models/sequence-classification",
  "token-classification": "fixtures/forward/models/token-classification",
  "feature-extraction": "fixtures/huggingface/question-answering",
};

/** `longspan serve` of every task, asked by Python's `huggingface_hub`. */
export async function checkServed(python: string): Promise<boolean> {
  const servers: ChildProcess[] = [];
  try {
    const addresses: string[] = [];
    for (const [task, model] of Object.entries(models)) {
      const flags = ["--conditions=@longspan/source", "--disable-warning=ExperimentalWarning"];
      const words = ["serve", model, "--task", task, "--port", "0", "--runtime", "reference", "--tokenizer", models["question-answering"]];
      const server = spawn(process.execPath, [...flags, "packages/cli/src/cli.ts", ...words], {
        cwd: root,
        stdio: ["ignore", "ignore", "pipe"],
      });
      servers.push(server);
      addresses.push(`${task}=${await addressOf(server)}`);
    }
    const checking = spawn(python, [script, ...addresses], { cwd: join(root, "interop"), stdio: "inherit" });
    const [code] = (await once(checking, "close")) as [number];
    console.log(`${code === 0 ? "ok  " : "FAIL"}  Python's client is answered by longspan serve`);
    return code === 0;
  } finally {
    for (const server of servers) server.kill();
  }
}

async function addressOf(server: ChildProcess): Promise<string> {
  let said = "";
  for await (const text of server.stderr ?? []) {
    said += String(text);
    const address = /listening {2}(\S+)/.exec(said)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`longspan serve ended: ${said}`);
}
