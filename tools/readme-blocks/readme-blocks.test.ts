import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hubServer, type HubServer } from "@longspan/hub-server";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test, vi } from "vitest";
import { prepareBlockFiles } from "./block-files.ts";
import { closeGiven, givenBlocks } from "./given-values.ts";
import { readmeBlocks } from "./readme-blocks.ts";

const root = join(import.meta.dirname, "../..");
const readmes = ["README.md", ...globSync("packages/*/README.md", { cwd: root })];
const blocks = readmes.flatMap((file) =>
  readmeBlocks(readFileSync(join(root, file), "utf8")).map(({ line, code, given }, index) => ({
    place: `${file}:${line}`,
    key: `${file}:${index}`,
    code,
    given,
  })),
);

// Inside the repository, where the packages are found; ignored by git.
mkdirSync(join(root, "out"), { recursive: true });
const folder = mkdtempSync(join(root, "out/readmes-"));
const home = process.cwd();

let hub: HubServer;
beforeAll(async () => {
  const model = join(root, "fixtures/huggingface/question-answering");
  const files = new Map(["config.json", "model.safetensors"].map((name) => [name, readFileSync(join(model, name))]));
  hub = await hubServer({ "allenai/longformer-base-4096": { commit: "0".repeat(40), files } });
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HUB_OFFLINE", undefined);
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
});
afterAll(async () => {
  await hub.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  process.chdir(home);
});

test("every block that does not stand alone has its values, and all values are of such a block", () => {
  expect(Object.keys(givenBlocks).toSorted()).toEqual(blocks.flatMap(({ key, given }) => (given === "" ? [] : [key])).toSorted());
});

test.each(blocks)("$place runs", async ({ key, code }) => {
  const place = join(folder, key.replaceAll(/\W/g, "-"));
  prepareBlockFiles(code, place, root);
  process.chdir(place);
  const { run } = (await import(/* @vite-ignore */ `virtual:block:${key}`)) as { run(given: object): Promise<never> };
  const { given, check } = givenBlocks[key] ?? {};
  const declared = await run((await given?.(root)) ?? {});
  await check?.(declared, root);
  await closeGiven();
});
