import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PassThrough, Readable, type Writable } from "node:stream";
import { hubServer, type HubServer } from "@longspan/hub-server";
import { readmeBlocks } from "@longspan/readme-blocks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { guide } from "./.vitepress/guide.ts";

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

/** What a reader does, in the page's order: types a command, runs a program, keeps a file. */
type Step = { readonly line: number } & ({ readonly command: string } | { readonly block: number } | { readonly file: string });

function stepsOf(page: string): readonly Step[] {
  const text = readFileSync(join(import.meta.dirname, page), "utf8");
  const steps: Step[] = readmeBlocks(text).flatMap(({ line, given }, block) => (given === "" ? [{ line, block }] : []));
  for (const { index, 1: lines = "" } of text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)) {
    const first = text.slice(0, index).split("\n").length + 1;
    const commands = lines
      .split("\n")
      .map((command, offset) => ({ line: first + offset, command: command.replace(/^npx (?=longspan )/, "") }));
    steps.push(...commands.filter(({ command }) => /^(?:longspan|echo|mkdir) /.test(command)));
  }
  for (const { index, 1: file = "" } of text.matchAll(/^<<< (\S+)$/gm)) steps.push({ line: text.slice(0, index).split("\n").length, file });
  return steps.toSorted((one, other) => one.line - other.line);
}

async function take(page: string, step: Step): Promise<void> {
  if ("block" in step) {
    const { run: runBlock } = (await import(/* @vite-ignore */ `virtual:block:docs/${page}:${step.block}`)) as {
      run(given: object): Promise<unknown>;
    };
    await runBlock({});
    return;
  }
  if ("file" in step) {
    cpSync(join(import.meta.dirname, step.file), basename(step.file));
    return;
  }
  const [program, ...words] = [...step.command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, one, other, plain]) => one ?? other ?? plain ?? "",
  );
  if (program === "longspan") await longspan(...words);
  // echo "…" > file
  else if (program === "echo") writeFileSync(words[2] ?? "", `${words[0]}\n`);
  else {
    // mkdir folder && cd folder && …
    mkdirSync(words[0] ?? "");
    process.chdir(words[0] ?? "");
  }
}

/** What programs of the pages print, in some line. */
const expected: Readonly<Record<string, readonly RegExp[]>> = {
  "start.md": [/^hf question-answering 2$/, /^39794 true$/],
  "convert.md": [/\.attention\.self\.query\.weight → \S+\.self_attn\.query\.weight T$/, /^model\.safetensors,config\.json/],
  "verify.md": [/^true \d+$/],
  "run-in-node.md": [/^39794 \d+/, /^start_logits \[1, 7\]/],
  "long-documents.md": [/^39794 [2-9] \d$/],
  "graph.md": [/^ +input +input_ids/m],
};

const running = pages
  .map((page) => ({ page, steps: stepsOf(page) }))
  .filter(({ steps }) => steps.some((step) => "block" in step || ("command" in step && step.command.startsWith("longspan"))));

describe("a reader who follows the page from an empty folder", () => {
  beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
  afterEach(() => {
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
