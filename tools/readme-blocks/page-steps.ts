import { readmeBlocks } from "./readme-blocks.ts";

/** What a reader does who follows a page: types a command, runs a program, keeps a file that the page takes in or shows. */
export type PageStep = {
  /** Counted from 1. */
  readonly line: number;
} & (
  | { readonly kind: "command"; readonly words: readonly string[] }
  | { readonly kind: "program"; readonly index: number; readonly code: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "text"; readonly name: string; readonly text: string }
);

/** A page's steps in its order. Programs that do not stand alone, and whatever none of `longspan`, `npx` and `node` is before, are left out; so is `npx` itself. */
export function pageSteps(page: string): readonly PageStep[] {
  const lineOf = (index: number): number => page.slice(0, index).split("\n").length;
  const steps: PageStep[] = readmeBlocks(page).flatMap(({ line, given, code }, index) =>
    given === "" ? [{ line, kind: "program" as const, index, code }] : [],
  );
  for (const { index, 1: lines = "" } of page.matchAll(/^```sh\n([\s\S]*?)^```$/gm))
    for (const [offset, text] of lines.split("\n").entries()) {
      const words = [...text.replace(/^npx /, "").matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
        ([, one, other, plain]) => one ?? other ?? plain ?? "",
      );
      if (/^(?:npx|longspan|node|echo|mkdir) /.test(text)) steps.push({ line: lineOf(index) + 1 + offset, kind: "command", words });
    }
  for (const { index, 1: path = "" } of page.matchAll(/^<<< (\S+)$/gm)) steps.push({ line: lineOf(index), kind: "file", path });
  for (const { index, 1: name = "", 2: text = "" } of page.matchAll(/^.*`(\w+\.json)`.*(?:\n.+)*\n\n```json\n([\s\S]*?)^```$/gm))
    steps.push({ line: lineOf(index), kind: "text", name, text });
  return steps.toSorted((one, other) => one.line - other.line);
}
