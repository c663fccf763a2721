import type { Layout } from "../adapter/layout.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { parseLayout, type ParsedLayout, type Reading } from "../rules/parse-layout.ts";

/** How a layout reads a file's names. */
export interface LayoutMatch {
  readonly parsed: ParsedLayout;
  /** What stands before the trunk's names in this file. */
  readonly prefix: string;
  /** For each tensor, in order: what it can be (none: the layout does not know the name). */
  readonly readings: readonly (readonly Reading[])[];
  readonly score: { readonly read: number; readonly byRules: number };
}

/**
 * The layout that reads most of the names; of equals, the one whose own rules (not merely accepted spellings) do; of layouts that
 * read every name alike, the one that writes the prefix the file has, then the first listed. Undefined when none reads any name.
 * @throws LongspanError `ambiguous-format` when two layouts read equally many names differently, or two trunks lie in the file.
 */
export function matchLayout(
  tensors: readonly { readonly name: string }[],
  layouts: readonly Layout[],
  wantedPrefix?: string,
): LayoutMatch | undefined {
  const names = tensors.map(({ name }) => name.split("."));
  // Layouts that differ in their prefix only share their rules: what these say of the names is found once.
  const found: { readonly layout: Layout; readonly match: LayoutMatch | undefined }[] = [];
  let mostRead = 0;
  const matches = layouts
    .map((layout) => {
      const twin = found.find((other) => sameRules(other.layout, layout));
      const match = twin === undefined ? readWith(parseLayout(layout), names, wantedPrefix, mostRead) : twin.match;
      found.push({ layout, match });
      mostRead = Math.max(mostRead, match?.score.read ?? 0);
      return match === undefined ? undefined : { ...match, parsed: { ...match.parsed, layout, trunkPrefix: layout.trunkPrefix ?? "" } };
    })
    .filter((match) => match !== undefined)
    .toSorted((one, other) => other.score.read - one.score.read || other.score.byRules - one.score.byRules);
  const [best] = matches;
  if (best === undefined) return undefined;
  const equals = matches.filter(({ score }) => score.read === best.score.read && score.byRules === best.score.byRules);
  const different = equals.find((match) => !readsAlike(match, best));
  if (different !== undefined) {
    throw new LongspanError(
      "ambiguous-format",
      `the names fit the layouts "${best.parsed.layout.name}" and "${different.parsed.layout.name}" equally well, and they read them differently. Say which with --from-layout (option layout).`,
      { details: { layouts: equals.map(({ parsed }) => parsed.layout.name) } },
    );
  }
  return equals.find(({ parsed, prefix }) => parsed.trunkPrefix === prefix) ?? best;
}

function sameRules(one: Layout, other: Layout): boolean {
  return one.rules === other.rules && one.accepts === other.accepts && one.drops === other.drops && one.adds === other.adds;
}

function readsAlike(one: LayoutMatch, other: LayoutMatch): boolean {
  if (one.prefix !== other.prefix) return false;
  return one.readings === other.readings || JSON.stringify(one.readings) === JSON.stringify(other.readings);
}

/** Undefined when the layout reads no name, or fewer than `mostRead` that another one does. */
function readWith(
  parsed: ParsedLayout,
  names: readonly (readonly string[])[],
  wantedPrefix: string | undefined,
  mostRead: number,
): LayoutMatch | undefined {
  const prefix = wantedPrefix ?? findTrunkPrefix(parsed, names);
  if (prefix === undefined) return undefined;
  const headPrefix = findHeadPrefix(parsed, names, prefix);
  const readings: (readonly Reading[])[] = [];
  let unread = 0;
  for (const name of names) {
    const trunk = parsed.read(withoutPrefix(name, prefix), "trunk");
    const found = trunk.length > 0 ? trunk : parsed.read(withoutPrefix(name, headPrefix), "head");
    if (found.length === 0 && ++unread > names.length - Math.max(1, mostRead)) return undefined;
    readings.push(found);
  }
  const byRules = readings.filter((found) => found.some((reading) => reading.kind === "parameter" && !reading.accepted)).length;
  return { parsed, prefix, readings, score: { read: names.length - unread, byRules } };
}

/** The prefix under which most names are trunk parameters. */
function findTrunkPrefix(parsed: ParsedLayout, names: readonly (readonly string[])[]): string | undefined {
  const votes = new Map<string, number>();
  for (const name of names) {
    for (const depth of parsed.trunkDepths) {
      const start = name.length - depth;
      if (start < 0) continue;
      if (!parsed.knowsTrunkName(name.slice(start))) continue;
      const prefix = name.slice(0, start).reduce((joined, segment) => `${joined}${segment}.`, "");
      votes.set(prefix, (votes.get(prefix) ?? 0) + 1);
    }
  }
  const [first, second] = [...votes].toSorted(([, one], [, other]) => other - one);
  if (first !== undefined && second !== undefined && second[1] * 2 > first[1]) {
    throw new LongspanError(
      "ambiguous-format",
      `two models lie in the file, under "${first[0]}" (${first[1]} tensors) and "${second[0]}" (${second[1]} tensors). Say which with --prefix (option prefix).`,
      { details: { prefixes: [first[0], second[0]] } },
    );
  }
  return first?.[0];
}

/** A head stands beside the trunk or beside one of the modules around it: under a leading part of the trunk's prefix. */
function findHeadPrefix(parsed: ParsedLayout, names: readonly (readonly string[])[], trunkPrefix: string): string {
  const modules = trunkPrefix.split(".").slice(0, -1);
  const candidates = Array.from({ length: modules.length + 1 }, (_, depth) =>
    modules
      .slice(0, depth)
      .map((module) => `${module}.`)
      .join(""),
  );
  const counted = candidates.map((prefix) => ({
    prefix,
    count: names.filter((name) => parsed.read(withoutPrefix(name, prefix), "head").some(({ kind }) => kind !== "drop")).length,
  }));
  return counted.reduce((best, candidate) => (candidate.count > best.count ? candidate : best)).prefix;
}

/** A name's segments behind a prefix such as `model.`; none when it does not begin so. */
function withoutPrefix(name: readonly string[], prefix: string): readonly string[] {
  if (prefix === "") return name;
  const modules = prefix.split(".").slice(0, -1);
  return modules.every((module, depth) => name[depth] === module) ? name.slice(modules.length) : [];
}
