import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PassThrough, Readable, type Writable } from "node:stream";
import { hubServer, type HubServer } from "@longspan/hub-server";
import { readmeBlocks } from "@longspan/readme-blocks";
import { pageSteps, type PageStep } from "@longspan/readme-blocks/steps";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { guide } from "./.vitepress/guide.ts";
import { operationsPage } from "./make/operations-page.ts";

const root = join(import.meta.dirname, "..");
const generated = new Set(["errors.md", "commands.md", "operations.md"]);
const pages = globSync("*.md", { cwd: import.meta.dirname }).filter((page) => !generated.has(page));

// Inside the repository, where the packages are found; ignored by git.
mkdirSync(join(root, "out"), { recursive: true });
const folder = mkdtempSync(join(root, "out/docs-"));
const home = process.cwd();

/** What the pages take from the hub, tiny. */
let hub: HubServer;
beforeAll(async () => {
  const repository = (path: string): { commit: string; files: Map<string, Uint8Array> } => ({
    commit: "0".repeat(40),
    files: new Map(
      globSync("*", { cwd: join(root, path) })
        .filter((name) => /^(?:config|vocab|tokenizer|tokenizer_config)\.json$|^merges\.txt$|\.safetensors$|\.bin$/.test(name))
        .map((name) => [name, readFileSync(join(root, path, name))]),
    ),
  });
  const trained = join(folder, "trained");
  await longspan("convert", join(root, "examples/train-lightning-qa/model/longformer-qa.ckpt"), "--to", "hf", "-o", trained);
  hub = await hubServer({
    "allenai/longformer-base-4096": repository("fixtures/huggingface/question-answering"),
    "valhalla/longformer-base-4096-finetuned-squadv1": repository(trained.slice(root.length + 1)),
    "FacebookAI/roberta-base": repository("fixtures/roberta/plain/roberta-masked-lm"),
  });
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HUB_OFFLINE", undefined);
  vi.stubEnv("HF_TOKEN", undefined);
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
});
afterAll(async () => {
  await hub.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The command line's own `run`, which its package does not export. */
interface CommandLine {
  run(words: readonly string[], terminal: { input: Readable; out: Writable; error: Writable }, signal: AbortSignal): Promise<number>;
}

/** A command in this process, which has to end well. */
async function longspan(...words: readonly string[]): Promise<string> {
  const { run } = (await import(/* @vite-ignore */ join(root, "packages/cli/src/run.ts"))) as CommandLine;
  const [out, error] = [new PassThrough(), new PassThrough()];
  const code = await run(words, { input: Readable.from([]), out, error }, new AbortController().signal);
  const [said, problem] = [String(out.read() ?? ""), String(error.read() ?? "")];
  if (code !== 0) throw new Error(`longspan ${words.join(" ")}: exit code ${code}\n${said}${problem}`);
  return said;
}

test("every page is in the guide, and every page of the guide is there", () => {
  const linked = guide.flatMap(({ items = [] }) => items.flatMap(({ link }) => (link === undefined ? [] : [`${link.slice(1)}.md`])));
  expect(linked.filter((page) => !generated.has(page)).toSorted()).toEqual(pages.filter((page) => page !== "index.md").toSorted());
});

test("a file that a page takes in is named right before it", () => {
  const unnamed = pages.flatMap((page) => {
    const taken = readFileSync(join(import.meta.dirname, page), "utf8").matchAll(/^(.*)\n+<<< (\S+)$/gm);
    return [...taken].flatMap(([, before = "", file = ""]) => (before.includes(`\`${basename(file)}\``) ? [] : [`${page}: ${file}`]));
  });
  expect(unnamed).toEqual([]);
});

async function take(page: string, step: PageStep): Promise<void> {
  if (step.kind === "file") cpSync(join(import.meta.dirname, step.path), basename(step.path));
  if (step.kind === "text") writeFileSync(step.name, step.text);
  if (step.kind === "program") {
    const block = (await import(/* @vite-ignore */ `virtual:block:docs/${page}:${step.index}`)) as { run(given: object): Promise<unknown> };
    await block.run({});
  }
  if (step.kind !== "command") return;
  const [program, ...words] = step.words;
  if (program === "longspan" && words[0] === "serve") servers.push(await served(...words));
  else if (program === "longspan") await longspan(...words);
  if (program === "node") await import(/* @vite-ignore */ join(process.cwd(), words[0] ?? ""));
  // echo "…" > file
  if (program === "echo") writeFileSync(words[2] ?? "", `${words[0]}\n`);
  if (program === "mkdir") {
    // mkdir folder && cd folder && …
    mkdirSync(words[0] ?? "");
    process.chdir(words[0] ?? "");
  }
}

/** Servers of a page, which run until it is read. */
const servers: (() => Promise<unknown>)[] = [];

/** A server that listens; what ends it. */
async function served(...words: readonly string[]): Promise<() => Promise<unknown>> {
  const { run } = (await import(/* @vite-ignore */ join(root, "packages/cli/src/run.ts"))) as CommandLine;
  const [out, error] = [new PassThrough(), new PassThrough()];
  const ending = new AbortController();
  let said = "";
  const listening = new Promise<void>((resolve) => {
    error.on("data", (text) => {
      said += String(text);
      if (said.includes("listening")) resolve();
    });
  });
  const running = run(words, { input: Readable.from([]), out, error }, ending.signal);
  await Promise.race([
    listening,
    running.then((code) => Promise.reject(new Error(`longspan ${words.join(" ")}: exit code ${code}\n${said}`))),
  ]);
  return async () => {
    ending.abort();
    return running;
  };
}

/** What programs of the pages print, in some line. */
const expected: Readonly<Record<string, readonly RegExp[]>> = {
  "start.md": [/^hf question-answering 2$/, /^39794 true$/],
  "convert.md": [/\.attention\.self\.query\.weight → \S+\.self_attn\.query\.weight T$/, /^model\.safetensors,config\.json/],
  "verify.md": [/^true \d+$/],
  "run-in-node.md": [/^39794 \d+/, /^start_logits \[1, 7\]/],
  "long-documents.md": [/^39794 [2-9] \d$/],
  "many-documents.md": [/^geneva 39794$/, /^empty LongspanError$/],
  "serve.md": [/^39794 46 51$/],
  "write-a-head.md": [/^start 1,3,3 end 1,3,3$/],
  "graph.md": [/^ +input +input_ids/m],
};

test("the program of the operations' page runs", async () => {
  const blocks = readmeBlocks(operationsPage());
  expect(blocks).toHaveLength(1);
  writeFileSync(join(folder, "operations.ts"), blocks[0]?.code ?? "");
  await import(/* @vite-ignore */ join(folder, "operations.ts"));
});

const running = pages.flatMap((page) => {
  const steps = pageSteps(readFileSync(join(import.meta.dirname, page), "utf8"));
  const runs = steps.some(
    (step) => step.kind === "program" || (step.kind === "command" && /^(?:longspan|node)$/.test(step.words[0] ?? "")),
  );
  return runs ? [{ page, steps }] : [];
});

describe("a reader who follows the page from an empty folder", () => {
  beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
  afterEach(async () => {
    for (const end of servers.splice(0)) await end();
    vi.restoreAllMocks();
    process.chdir(home);
  });

  test.each(running)("$page", async ({ page, steps }) => {
    const place = join(folder, page);
    mkdirSync(place);
    process.chdir(place);
    for (const step of steps) {
      await take(page, step).catch((error: unknown) => {
        throw new Error(`docs/${page}:${step.line}`, { cause: error });
      });
    }
    const printed = vi.mocked(console.log).mock.calls.map((words) => words.join(" "));
    expect(printed).toEqual(expect.arrayContaining((expected[page] ?? []).map((line) => expect.stringMatching(line) as string)));
  });
});
