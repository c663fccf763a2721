import { expect, test } from "vitest";
import { textCollector } from "../../place/placed-text.ts";
import { paragraphReader } from "./paragraph-reader.ts";

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
