import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isControl, isMark, isNonspacingMark, punctuation } from "./characters.ts";
import { placeAsIs } from "./placed-text.ts";
import { normalFormPlaced, type NormalForm } from "./unicode-normal-form.ts";

const file = new URL("../../../../fixtures/tokenizers/characters.json", import.meta.url);
const { classes }: { classes: Readonly<Record<string, readonly number[]>> } = JSON.parse(readFileSync(file, "utf8"));

function normalized(text: string, form: NormalForm): string {
  return normalFormPlaced(placeAsIs(text, 0, text.length), form).text;
}

const belongs: Readonly<Record<string, (character: string) => boolean>> = {
  nonspacing: (character) => Array.from(normalized(character, "NFD")).every(isNonspacingMark),
  control: isControl,
  combining: isMark,
  canonical: (character) => normalized(character, "NFD") !== character,
  compatible: (character) => normalized(character, "NFKD") !== character,
  ordered: (character) =>
    normalized(character, "NFD") === character && normalized(`a\u0345${character}\u0334b`, "NFD") !== `a\u0345${character}\u0334b`,
  punctuation: (character) => character.replace(punctuation, "") === "",
};

test.each(Object.keys(classes))("the characters of the class %s are those of the tokenizers library, all over Unicode", (name) => {
  const ranges = classes[name] ?? [];
  const wrong: string[] = [];
  let range = 0;
  for (let code = 1; code < 0x11_00_00; code++) {
    if (code >= 0xd8_00 && code < 0xe0_00) continue;
    while (code > (ranges[range + 1] ?? Infinity)) range += 2;
    const expected = code >= (ranges[range] ?? Infinity);
    if (belongs[name]?.(String.fromCodePoint(code)) !== expected) wrong.push(`U+${code.toString(16).toUpperCase()}`);
  }
  expect(wrong).toEqual([]);
});
