import { expect, test } from "vitest";
import { describePlace, readDocument } from "../index.ts";

const source = `---
title: Keeper
---
# The *keeper*

She trims the
[lamp](https://example.org/a "title") each \`night\`, ~~never~~ **always**.

- one
- two
  and a half

1. first

| Room | Area |
| --- | --- |
| lamp | 17 |

\`\`\`ts
const a = 1;
const b = 2;
\`\`\`

<div>
A <b>block</b> of HTML
</div>

> quoted &amp; \\*escaped\\*
`;

test("the words without the markup, at the file's lines", async () => {
  const { text, place, kind } = await readDocument(new TextEncoder().encode(source), { name: "notes.md" });
  expect(kind).toBe("markdown");
  expect(text).toBe(
    "The keeper\n\nShe trims the\nlamp each night, never always.\n\none\ntwo\nand a half\n\nfirst\n\nRoom\tArea\nlamp\t17\n\nconst a = 1;\nconst b = 2;\n\n" +
      "A block of HTML\n\nquoted & *escaped*",
  );
  const lineOf = (words: string): string => describePlace(place(text.indexOf(words), text.indexOf(words) + words.length));
  for (const words of ["keeper", "trims", "always", "and a half", "17", "const b", "block", "escaped"]) {
    const line = source.split("\n").findIndex((one) => one.replaceAll(/<\/?b>/g, "").includes(words)) + 1;
    expect([words, lineOf(words)]).toEqual([words, `notes.md, line ${line}`]);
  }
});

test("what follows code over two lines stands on its own line", async () => {
  const { place, text } = await readDocument(new TextEncoder().encode("one `two\nthree` and `x`\nfour `\nfive\n"), { name: "a.md" });
  expect(text).toBe("one two three and x\nfour `\nfive");
  const linesOf = (words: string): number | undefined => place(text.indexOf(words), text.indexOf(words) + words.length).line;
  expect(["one", "and", "four", "five"].map(linesOf)).toEqual([1, 2, 3, 4]);
});

test("text between two rules is no front matter", async () => {
  const { text } = await readDocument(new TextEncoder().encode("---\nThe rent is 500.\n\n---\n\nMore."), { name: "a.md" });
  expect(text).toBe("The rent is 500.\n\nMore.");
});

test("a rule at the start is no front matter", async () => {
  const { text } = await readDocument(new TextEncoder().encode("---\n\none\n"), { name: "a.md" });
  expect(text).toBe("one");
});
