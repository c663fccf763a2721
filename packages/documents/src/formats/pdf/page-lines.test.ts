import { expect, test } from "vitest";
import { pageLines, type PageItem } from "./page-lines.ts";

/** Items of one line, each where it is said; the last ends it. */
function lineOf(...items: readonly (readonly [str: string, x: number, dir?: string])[]): string | undefined {
  const lines = pageLines();
  let found: string | undefined;
  for (const [index, [str, x, dir = "ltr"]] of items.entries()) {
    const item: PageItem = { str, dir, transform: [12, 0, 0, 12, x, 700], width: 6 * str.length, hasEOL: index === items.length - 1 };
    found = lines.add(item);
  }
  return found;
}

test("a line from left to right is left as it is, wherever its items stand", () => {
  expect(lineOf(["one ", 10], ["two", 40], [" (back)", 5])).toBe("one two (back)");
});

test("painted from left to right: a line that is read towards the left, with numbers and brackets in it", () => {
  const painted = [
    [".", 10],
    ["2021", 20],
    [" ", 44],
    ["במאי", 50, "rtl"],
    [" ", 75],
    ["(17", 80],
    [" ", 100],
    ["מספר", 105, "rtl"],
    [")", 130],
  ] as const;
  expect(lineOf(...painted)).toBe("(מספר 17) במאי 2021.");
  expect(lineOf([".", 10], ["ישנה", 20, "rtl"], [" ", 44], ["Hamburg 2", 50])).toBe("Hamburg 2 ישנה.");
});

test("a line that is read towards the right has its words of the other direction turned, and nothing else", () => {
  expect(lineOf(["The ", 10], ["עולם", 40, "rtl"], [" ", 64], ["שלום", 70, "rtl"], [" greets", 94], [".", 140])).toBe(
    "The שלום עולם greets.",
  );
});

test("Arabic letters in the shapes of their places in a word are letters", () => {
  expect(lineOf(["ﺪ", 10, "rtl"], ["ﻘ", 16, "rtl"], ["ﻌ", 22, "rtl"], ["ﻟ", 28, "rtl"], ["ا", 34, "rtl"])).toBe("العقد");
});

test("written from right to left, with room for the spaces that are not there", () => {
  expect(lineOf(["שלום", 100, "rtl"], ["17", 84], [")", 78], ["עולם", 50, "rtl"])).toBe("שלום 17) עולם");
});

test("what is printed twice in one place is read once; what stands elsewhere is not", () => {
  expect(lineOf(["bold", 10], ["bold", 10.4], [" bold", 40])).toBe("bold bold");
  expect(lineOf(["no", 10], [" ", 22], ["no", 26], [" ", 38], [" ", 38])).toBe("no no  ");
});

test("a line of very many items takes no longer than each of them", () => {
  const items = Array.from({ length: 100_000 }, (_, index) => [index % 2 === 0 ? "א" : "b ", 20 * index, "ltr"] as const);
  expect(lineOf(...items)?.length).toBe(150_000);
});
