import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommand, runDocument } from "./run-command.ts";

const model = fileURLToPath(new URL("../../../fixtures/bounds/escapes.bin", import.meta.url));
const config = fileURLToPath(new URL("../../../fixtures/torch/heads/question-answering/config.json", import.meta.url));

/** What a terminal obeys, or nobody sees; lines end as they should. */
const obeyed = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const hidden = "left\x1b[2J\x1b]0;title\x07over\u202e\x9b31m\0\n\u2028.weight";
const shown = String.raw`left\x1b[2J\x1b]0;title\x07over\u202e\x9b31m\x00\n\u2028.weight`;

test.each([
  [["inspect", model]],
  [["inspect", model, "--config", config]],
  [["convert", model, "--to", "hf", "--dry-run", "--config", config]],
  [["verify", model, model, "--config", config]],
  [["inspect", `${model}\x1b[2J`]],
  [["inspect", model, "--layout", "\u202e\x9b31m"]],
  [["inspect", model, "--json"]],
])("nothing of a file's text is obeyed: %j", async (words) => {
  const { out, error } = await runCommand(...words);
  expect(out + error).not.toMatch(obeyed);
});

test("a tensor's name is shown, and is the name itself in JSON", async () => {
  const { out } = await runCommand("inspect", model, "--config", config);
  expect(out).toContain(shown);
  const { document } = await runDocument("inspect", model, "--config", config);
  expect(document).toHaveProperty("tensors", expect.arrayContaining([expect.objectContaining({ name: hidden })]));
});
test("a limit that is none is a mistake of the command line", async () => {
  for (const limit of ["memory", "memory=", "memory=0", "values=3", "memory=much"]) {
    expect(await runCommand("inspect", model, "--limit", limit)).toMatchObject({ code: 2, error: expect.stringContaining("memory=1GiB") });
  }
  const refused = await runCommand("inspect", model, "--limit", "memory=20kB");
  expect(refused).toMatchObject({ code: 1, error: expect.stringMatching(/limit "memory".*--limit memory=/) });
  expect(await runCommand("inspect", model, "--limit", "memory=1GiB")).toMatchObject({ code: 0 });
});
