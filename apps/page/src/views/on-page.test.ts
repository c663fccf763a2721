import { expect, test } from "vitest";
import { onPage } from "./on-page.ts";

test("a sentence of the library's comes without the ways out that a page has not", () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      "https://huggingface.co cannot be asked for a/b: failed to fetch. With HF_HUB_OFFLINE=1 (option offline) what is in the cache is used.",
      "https://huggingface.co cannot be asked for a/b: failed to fetch.",
    ],
    [
      'other.ckpt: its 2 tensors ("a.weight", "b.weight") are not named as any known layout names a Longformer\'s. If it is one, describe its names with a layout file (--from-layout).',
      'other.ckpt: its 2 tensors ("a.weight", "b.weight") are not named as any known layout names a Longformer\'s.',
    ],
    [
      "a/b@main is not in the cache, and the hub may not be asked (HF_HUB_OFFLINE, option offline). Run once without it.",
      "a/b@main is not in the cache. Run once without it.",
    ],
    [
      "There is no model a/b at https://huggingface.co, or it is private: then give a token (HF_TOKEN, `hf auth login`, or option token).",
      "There is no model a/b at https://huggingface.co.",
    ],
    [
      "lease.odt is an OpenDocument file, which is not read. Save it as PDF or .docx, and give that.",
      "lease.odt is an OpenDocument file, which is not read. Save it as PDF or .docx, and give that.",
    ],
    ["", ""],
  ];
  for (const [said, shown] of cases) expect(onPage(said)).toBe(shown);
});
