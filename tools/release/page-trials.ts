import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { hubServer } from "@longspan/hub-server";
import { blockModule, readmeBlocks } from "@longspan/readme-blocks";
import { prepareBlockFiles } from "@longspan/readme-blocks/files";
import { pageSteps, type PageStep } from "@longspan/readme-blocks/steps";

const run = promisify(execFile);
const timeout = 300_000;

interface PageTrialsOptions {
  readonly root: string;
  /** A folder into which the packages, the runtimes' peers, vitest and TypeScript are installed. */
  readonly app: string;
  /** The program that runs blocks: the oldest Node that is promised. */
  readonly node: string;
  trial(what: string, tool: string, attempt: () => Promise<string>): Promise<void>;
}

/** READMEs and guides as their readers have them: every block runs, with models under the names that they use, and guides are followed from an empty folder. */
export async function pageTrials({ root, app, node, trial }: PageTrialsOptions): Promise<void> {
  const trained = join(app, "trained");
  const cli = join(app, "node_modules/longspan/bin/longspan.cjs");
  await run(node, [cli, "convert", join(root, "examples/train-lightning-qa/model/longformer-qa.ckpt"), "--to", "hf", "-o", trained], {
    timeout,
  });
  const repository = (folder: string): { readonly commit: string; readonly files: ReadonlyMap<string, Uint8Array> } => {
    const names = globSync("{*.bin,*.safetensors,merges.txt,{config,vocab,tokenizer,tokenizer_config}.json}", { cwd: folder });
    return { commit: "0".repeat(40), files: new Map(names.map((name) => [name, readFileSync(join(folder, name))])) };
  };
  const hub = await hubServer({
    "allenai/longformer-base-4096": repository(join(root, "fixtures/huggingface/question-answering")),
    "valhalla/longformer-base-4096-finetuned-squadv1": repository(trained),
    "FacebookAI/roberta-base": repository(join(root, "fixtures/roberta/plain/roberta-masked-lm")),
  });
  // A Vulkan driver in software, where there is one: blocks of the GPU's runtime are tried with it.
  const [driver] = globSync("/usr/share/vulkan/icd.d/lvp_icd*.json");
  const env = {
    ...process.env,
    PATH: `${join(node, "..")}:${process.env.PATH}`,
    HF_ENDPOINT: hub.endpoint,
    HF_HUB_CACHE: join(app, "cache"),
    NODE_OPTIONS: "--experimental-strip-types --disable-warning=ExperimentalWarning",
    ORT_DISABLE_TELEMETRY: "1",
    XDG_RUNTIME_DIR: app,
    ...(driver === undefined ? {} : { VK_DRIVER_FILES: driver }),
  };
  const servers: ChildProcess[] = [];
  const inFolder = (cwd: string) => (program: string, words: readonly string[]) => run(program, words, { cwd, env, timeout });

  try {
    for (const file of ["README.md", ...globSync("packages/*/README.md", { cwd: root })]) {
      for (const [index, block] of readmeBlocks(readFileSync(join(root, file), "utf8")).entries()) {
        await trial("README runs, on Node 22", `${file}:${block.line}`, async () => {
          if (driver === undefined && block.code.includes("webgpu")) return "left out: no Vulkan driver in software";
          const folder = join(app, "readme");
          rmSync(folder, { recursive: true, force: true });
          prepareBlockFiles(block.code, folder, root);
          copyFileSync(join(root, "tools/readme-blocks/given-values.ts"), join(folder, "given-values.ts"));
          writeFileSync(join(folder, "block.ts"), blockModule(block));
          const key = JSON.stringify(`${file}:${index}`);
          writeFileSync(
            join(folder, "run-block.ts"),
            `import { run } from "./block.ts";
import { closeGiven, givenBlocks } from "./given-values.ts";
const root = ${JSON.stringify(root)};
const { given, check } = givenBlocks[${key}] ?? {};
await check?.(await run((await given?.(root)) ?? {}) as never, root);
await closeGiven();
`,
          );
          await inFolder(folder)(node, ["run-block.ts"]);
          return "runs";
        });
      }
    }
    for (const page of globSync("docs/*.md", { cwd: root })) {
      const steps = pageSteps(readFileSync(join(root, page), "utf8"));
      if (!steps.some(({ kind }) => kind === "program" || kind === "command")) continue;
      await trial("guide can be followed, on Node 22", page, async () => {
        let place = join(app, basename(page, ".md"));
        mkdirSync(place);
        try {
          for (const step of steps) {
            place = await take(step, place).catch((error: unknown) => {
              throw Object.assign(error as Error, { message: `${page}:${step.line}: ${(error as Error).message}` });
            });
          }
        } finally {
          await endServers();
        }
        return `${steps.length} steps`;
      });
    }
  } finally {
    await hub.close();
  }

  /** Does a step in a folder, and says where the next one is done. */
  async function take(step: PageStep, place: string): Promise<string> {
    if (step.kind === "file") cpSync(join(root, "docs", step.path), join(place, basename(step.path)));
    if (step.kind === "text") writeFileSync(join(place, step.name), step.text);
    if (step.kind === "program") {
      writeFileSync(join(place, `block-${step.line}.ts`), step.code);
      await inFolder(place)(node, [`block-${step.line}.ts`]);
    }
    if (step.kind !== "command") return place;
    const [program, ...words] = step.words;
    if (program === "longspan" && words[0] === "serve") await serve(place, words);
    else if (program === "longspan") await inFolder(place)(node, [cli, ...words]);
    else if (program === "node") await inFolder(place)(node, words);
    else if (program === "echo") writeFileSync(join(place, words[2] ?? ""), `${words[0]}\n`);
    else if (program === "tsc") await inFolder(place)(node, [join(app, "node_modules/typescript/bin/tsc"), ...words]);
    else if (program === "vitest") await inFolder(place)(node, [join(app, "node_modules/vitest/vitest.mjs"), ...words]);
    else if (program === "mkdir") {
      const folder = join(place, words[0] ?? "");
      mkdirSync(folder);
      // As `npm init` and `npm pkg set type=module` leave it.
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      return folder;
    } else throw new Error(`${program} is no command that this trial knows`);
    return place;
  }
  /** Starts a server of a page, which runs until the page is read, and waits until it listens. */
  async function serve(place: string, words: readonly string[]): Promise<void> {
    const server = spawn(node, [cli, ...words], { cwd: place, env, stdio: ["ignore", "ignore", "pipe"] });
    servers.push(server);
    let said = "";
    for await (const text of server.stderr.setEncoding("utf8").iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      said += text;
      if (said.includes("listening")) {
        server.stderr.resume();
        return;
      }
    }
    throw new Error(`longspan ${words.join(" ")} ended: ${said}`);
  }

  async function endServers(): Promise<void> {
    for (const server of servers.splice(0)) {
      if (server.exitCode !== null) continue;
      server.kill("SIGTERM");
      await once(server, "exit");
    }
  }
}
