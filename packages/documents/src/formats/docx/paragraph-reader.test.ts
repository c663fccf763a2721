import { expect, test } from "vitest";
import { textCollector } from "../../place/placed-text.ts";
import { paragraphReader } from "./paragraph-reader.ts";

interface Written {
  readonly name: string;
  readonly inside: readonly (Written | string)[];
}

/** A part's XML: `[name, …what is in it]`. */
function textOf(part: Written): string {
  const collector = textCollector();
  const reader = paragraphReader(collector);
  const write = ({ name, inside }: Written): void => {
    reader.open?.(name, {});
    for (const one of inside) {
      if (typeof one === "string") reader.text?.(one);
      else write(one);
    }
    reader.close?.(name);
  };
  write(part);
  return collector.result().text;
}

const of = (name: string, ...inside: readonly (Written | string)[]): Written => ({ name, inside });
const words = (text: string): Written => of("w:r", of("w:t", text));
const cell = (...inside: readonly Written[]): Written => of("w:tc", of("w:p", ...inside));

test("a row has a place for each of its cells, empty ones too", () => {
  const table = of(
    "w:tbl",
    of("w:tr", cell(words("a")), cell(), cell(), cell(words("b"))),
    of("w:tr", cell(), cell(words("c")), cell()),
    of("w:tr", of("w:tc", of("w:tbl", of("w:tr", cell(words("in")), cell(words("side"))))), cell(words("d"))),
  );
  expect(textOf(of("w:body", of("w:p", words("before")), table, of("w:p", words("after"))))).toBe(
    "before\na\t\t\tb\n\tc\nin\tside\td\nafter",
  );
});

test("how characters are pronounced is no part of them, and what stands where something is to be typed is no text", () => {
  const ruby = of("w:r", of("w:ruby", of("w:rt", words("かん")), of("w:rubyBase", words("漢"))));
  const control = (...properties: readonly Written[]): Written =>
    of("w:sdt", of("w:sdtPr", ...properties), of("w:sdtContent", of("w:p", words(properties.length > 0 ? "Click here" : "typed"))));
  expect(textOf(of("w:body", of("w:p", ruby), control(of("w:showingPlcHdr")), control()))).toBe("漢\ntyped");
});

test("a formula is on one line", () => {
  const part = (name: string, text: string): Written => of(name, of("m:r", of("m:t", text)));
  const formula = of("m:oMath", of("m:f", part("m:num", "a"), part("m:den", "b")), of("m:sSup", part("m:e", "x"), part("m:sup", "2")));
  expect(textOf(of("w:p", formula))).toBe("a/bx^2");
});

test("a text box, which Word writes twice, counts once", () => {
  const collector = textCollector();
  const reader = paragraphReader(collector);
  const element =
    (name: string, ...inside: readonly (() => void)[]) =>
    (): void => {
      reader.open?.(name, {});
      for (const write of inside) write();
      reader.close?.(name);
    };
  const words = (text: string): (() => void) =>
    element(
      "w:r",
      element("w:t", () => reader.text?.(text)),
    );
  element(
    "w:p",
    words("one"),
    element(
      "mc:AlternateContent",
      element("mc:Choice", element("w:p", words("box"))),
      element("mc:Fallback", element("w:p", words("box"))),
    ),
  )();
  element("w:p", words("after"))();
  const { text, starts, positionOf } = collector.result();
  expect(text).toBe("one\nbox\nafter");
  expect(starts.map((_, piece) => positionOf(piece))).toEqual([{ paragraph: 1 }, { paragraph: 2 }, { paragraph: 3 }]);
});
