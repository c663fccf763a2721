import { LongspanError } from "@longspan/core";
import type { Position } from "../document.ts";
import { lineStarts } from "../place/line-starts.ts";
import { pieceAt, textCollector, type PlacedText, type TextCollector } from "../place/placed-text.ts";

/** What no reader of a page sees, or what is no text of it. */
const unseen = new Set(
  "head script style template noscript noframes svg canvas iframe object video audio select datalist button dialog nav rp rt".split(" "),
);

/** Around a page's text rather than in it, unless they stand in its main part or an article. */
const surroundings = new Set(["header", "footer", "aside"]);

/** Elements that begin and end lines (HTML Standard, "Rendering", display: block, list-item, table-row). */
const blocks = new Set(
  "address article aside blockquote center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main ol p pre section summary table tbody tfoot thead tr ul".split(
    " ",
  ),
);

/** Those with an empty line around them. */
const spaced = new Set("blockquote dl figure h1 h2 h3 h4 h5 h6 ol p pre table ul".split(" "));

const voids = new Set("area base br col embed hr img input link meta source track wbr".split(" "));

/** Browsers stop at 512 elements in one another; the parser looks through all that are open. */
const maxDepth = 5000;

/**
 * The text of a page as its reader sees it: without markup, navigation, scripts and what is hidden. Where the page says which part is the main one (`<main>`, or a lone
 * `<article>`), that part; else all of it but headers, footers and asides.
 * @throws LongspanError `limit-exceeded` for more than 5000 elements in one another
 */
export async function htmlText(source: string, name: string): Promise<PlacedText> {
  const { Parser } = await import("htmlparser2");
  for (const part of ["main", "article", "body"] as const) {
    const collector = textCollector();
    const reader = pageReader({ source, name, collector, part });
    const parser = new Parser(reader.handler, { lowerCaseTags: true, lowerCaseAttributeNames: true, decodeEntities: true });
    reader.readFrom(() => parser.startIndex);
    parser.end(source);
    if (part === "body" && collector.length === 0 && reader.frames.length > 0) throw pageOfFrames(name, reader.frames);
    if (part === "article" && reader.articles() !== 1) continue;
    if (collector.length > 0 || part === "body") return collector.result();
  }
  throw new TypeError("a page has a body");
}

interface Handler {
  onopentag(name: string, attributes: Readonly<Record<string, string>>): void;
  onclosetag(name: string): void;
  ontext(data: string): void;
}

interface PageReader {
  readonly handler: Handler;
  /** Where the parser is in the source. */
  readFrom(offset: () => number): void;
  /** How many articles there were that stand in no other one. */
  articles(): number;
  /** The pages that are shown in this one's frames. */
  readonly frames: readonly string[];
}

interface OpenElement {
  readonly name: string;
  /** Whether what is in it is left out, and whether it is in the part that is wanted. */
  readonly isUnseen: boolean;
  readonly isMain: boolean;
  readonly isPreformatted: boolean;
}

interface ReaderOptions {
  readonly source: string;
  readonly name: string;
  readonly collector: TextCollector;
  readonly part: "main" | "article" | "body";
}

function pageReader({ source, name: pageName, collector, part }: ReaderOptions): PageReader {
  const lines = lineStarts(source);
  const open: OpenElement[] = [];
  let offset = (): number => 0;
  let [articles, openArticles] = [0, 0];
  // What stands between the last word and the next one: a space, or line ends.
  let gap = "";
  let position: Position = {};

  const frames: string[] = [];
  const separate = (wanted: string): void => {
    if (collector.length > 0 && strength(wanted) > strength(gap)) gap = wanted;
  };
  // Of the tables that are open: where the cell before began in its row. One that is empty has its place, too.
  const rows: (number | undefined)[] = [];
  const beginCell = (): void => {
    const before = rows.pop();
    rows.push(collector.length);
    if (before === undefined || collector.length === 0) return;
    if (before === collector.length) gap += "\t";
    else separate("\t");
  };
  const write = (text: string, at: number): void => {
    const line = pieceAt(lines, at) + 1;
    if (position.line !== line) position = { line };
    collector.add(gap + text, position);
    gap = "";
  };
  const around = (name: string): void => {
    if (spaced.has(name)) separate("\n\n");
    else if (blocks.has(name)) separate("\n");
  };
  return {
    readFrom(given) {
      offset = given;
    },
    articles: () => articles,
    frames,
    handler: {
      onopentag(name, attributes) {
        const parent = open.at(-1);
        if (open.length >= maxDepth) throw tooDeep(pageName);
        if (name === "article" && openArticles++ === 0) articles++;
        const isHidden = "hidden" in attributes || attributes["aria-hidden"] === "true" || /display:\s*none/i.test(attributes.style ?? "");
        const isMain = parent?.isMain === true || name === part || (part === "main" && attributes.role === "main") || part === "body";
        const isChrome = part === "body" && surroundings.has(name) && openArticles === 0;
        if (!voids.has(name)) {
          open.push({
            name,
            isUnseen: parent?.isUnseen === true || unseen.has(name) || attributes.role === "navigation" || isHidden || isChrome,
            isMain,
            isPreformatted: parent?.isPreformatted === true || name === "pre" || name === "textarea",
          });
        }
        if (parent?.isUnseen === true || !isMain) return;
        around(name);
        if (name === "br") separate("\n");
        if (name === "table") rows.push(undefined);
        if (name === "tr") {
          rows.pop();
          rows.push(undefined);
          gap = gap.replace(/\t+$/, "");
          separate("\n");
        }
        if (name === "td" || name === "th") beginCell();
        if (name === "frame" && attributes.src !== undefined) frames.push(attributes.src);
      },
      onclosetag(name) {
        if (voids.has(name)) return;
        const element = open.pop();
        if (name === "article") openArticles--;
        if (element?.isUnseen !== false || !element.isMain) return;
        if (name === "table") {
          rows.pop();
          gap = gap.replace(/\t+$/, "");
        }
        around(name);
      },
      ontext(data) {
        const element = open.at(-1) ?? { isUnseen: false, isMain: part === "body", isPreformatted: false };
        if (element.isUnseen || !element.isMain) return;
        const from = offset();
        if (element.isPreformatted) {
          let at = from;
          for (const [index, line] of data.split("\n").entries()) {
            if (index > 0 && collector.length > 0) write("\n", at - 1);
            if (line !== "") write(line, at);
            at += line.length + 1;
          }
          return;
        }
        for (const { 0: word, index } of data.matchAll(/[^\t\n\f\r ]+|[\t\n\f\r ]+/g)) {
          if (/^[\t\n\f\r ]/.test(word)) separate(" ");
          // What says where a word may be broken is not seen.
          else write(word.replaceAll(/[\u00ad\u200b]/g, ""), from + index);
        }
      },
    },
  };
}

function tooDeep(name: string): LongspanError {
  return new LongspanError("limit-exceeded", `${name} has more than ${maxDepth} HTML elements in one another. Give its text alone.`, {
    details: { name, limit: maxDepth },
  });
}

function pageOfFrames(name: string, frames: readonly string[]): LongspanError {
  return new LongspanError(
    "unsupported",
    `${name} is a page of frames, whose texts are pages of their own (${frames.slice(0, 5).join(", ")}). Give those.`,
    { details: { name, frames: frames.slice(0, 5) } },
  );
}

/** What may stand between two words, the weakest first; behind a line end and behind a tab there may be tabs, of cells that are empty. */
const gaps = ["", " ", "\t", "\n", "\n\n"];

function strength(gap: string): number {
  return gaps.indexOf(gap.startsWith("\t") ? "\t" : gap.replace(/\t+$/, ""));
}
