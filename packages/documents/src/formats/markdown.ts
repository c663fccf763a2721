import { LongspanError } from "@longspan/core";
import type { Token } from "markdown-it";
import { textCollector, type PlacedText, type TextCollector } from "../place/placed-text.ts";
import { htmlText } from "./html.ts";

/** Lists and quotes in one another: what lies deeper, the parser leaves out. */
const maxNesting = 200;

/** Fields (`title: …`) between two lines; what else begins with such a line begins with a rule. */
const frontMatter = /^---\n(?:#[^\n]*\n|\n)*["'\w][^\n]*:(?:[ \t][^\n]*)?\n(?:[\s\S]*?\n)?(?:---|\.\.\.)(?:\n|$)/;

/**
 * The words of a Markdown text without its markup: blocks on lines of their own, with an empty line between, a table's cells with tabs between. Code stays as it is;
 * HTML tags, addresses of links and the front matter do not.
 * @throws LongspanError `limit-exceeded` for lists and quotes more than 200 deep
 */
export async function markdownText(source: string, name: string): Promise<PlacedText> {
  const { default: MarkdownIt } = await import("markdown-it");
  const found = frontMatter.exec(source)?.[0] ?? "";
  // Its lines count.
  const body = "\n".repeat(found.split("\n").length - 1) + source.slice(found.length);
  const collector = textCollector();
  let separator = "";
  let cells = 0;
  let from = 1;
  for (const token of new MarkdownIt({ html: true, maxNesting }).parse(body, {})) {
    if (token.type === "tr_open") cells = 0;
    if (token.level >= maxNesting - 1) throw tooDeep(name);
    // Cells have none: they are in their row's.
    from = token.map === null ? from : token.map[0] + 1;
    if (token.type === "td_open" || token.type === "th_open") {
      if (cells++ > 0) separator = "\t";
    } else if (token.type === "inline") {
      addInline(collector, separator, token, from);
      separator = "\n";
    } else if (token.type === "fence" || token.type === "code_block") {
      addLines(collector, separator, token.content.replace(/\n$/, ""), from + (token.type === "fence" ? 1 : 0));
      separator = "\n\n";
    } else if (token.type === "html_block") {
      await addHtml(collector, separator, token.content, { firstLine: from, name });
      separator = "\n\n";
    } else if (separator !== "" && /^(?:paragraph|heading|blockquote|table|bullet_list|ordered_list)_close$/.test(token.type)) {
      // Items of a tight list stand on neighbouring lines.
      separator = token.type === "paragraph_close" && token.hidden ? "\n" : "\n\n";
    }
  }
  return collector.result();
}

function addInline(collector: TextCollector, separator: string, { children, content }: Token, firstLine: number): void {
  let line = firstLine;
  // Where in the source the next line end or code is looked for.
  let at = 0;
  let before = collector.length === 0 ? "" : separator;
  let position = { line };
  const add = (text: string): void => {
    collector.add(before + text, position);
    before = "";
  };
  const nextLine = (lines: number): void => {
    if (lines === 0) return;
    line += lines;
    position = { line };
  };
  for (const child of children ?? []) {
    if (child.type === "softbreak" || child.type === "hardbreak") {
      add("\n");
      nextLine(1);
      at = content.indexOf("\n", at) + 1;
    } else if (child.type === "text" || child.type === "text_special") add(child.content);
    else if (child.type === "code_inline") {
      add(child.content);
      // Its line ends are spaces now.
      const begin = content.indexOf(child.markup, at) + child.markup.length;
      const end = content.indexOf(child.markup, begin);
      nextLine(content.slice(begin, end).split("\n").length - 1);
      at = end + child.markup.length;
    } else if (child.type === "image") add(child.content);
    else if (child.type === "html_inline") {
      if (/^<br\b/i.test(child.content)) add("\n");
      nextLine(child.content.split("\n").length - 1);
      at = content.indexOf(child.content, at) + child.content.length;
    }
  }
}

function tooDeep(name: string): LongspanError {
  return new LongspanError("limit-exceeded", `${name} has lists and quotes more than ${maxNesting} deep. Give it as plain text (.txt).`, {
    details: { name, limit: maxNesting },
  });
}

async function addHtml(
  collector: TextCollector,
  separator: string,
  source: string,
  { firstLine, name }: { readonly firstLine: number; readonly name: string },
): Promise<void> {
  const { text, starts, positionOf } = await htmlText(source, name);
  for (const [piece, start] of starts.entries()) {
    const before = piece === 0 && collector.length > 0 ? separator : "";
    collector.add(before + text.slice(start, starts[piece + 1]), { line: (positionOf(piece).line ?? 1) + firstLine - 1 });
  }
}

function addLines(collector: TextCollector, separator: string, text: string, firstLine: number): void {
  for (const [index, line] of text.split("\n").entries()) {
    const before = index > 0 ? "\n" : collector.length === 0 ? "" : separator;
    collector.add(before + line, { line: firstLine + index });
  }
}
