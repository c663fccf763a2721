import type { Layout } from "../adapter/layout.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { parseLayout, type ParsedLayout, type Reading } from "../rules/parse-layout.ts";
import { behindModules, findTrunks, modulesOf, trunkOfPrefix, type Trunk } from "./models-in-file.ts";

/** How a layout reads a file's names. */
export interface LayoutMatch {
  readonly parsed: ParsedLayout;
  /** What stands before the trunk's names in this file. */
  readonly prefix: string;
  /** The trunk under that prefix. */
  readonly trunk: Trunk;
  /** All trunks of the file, `trunk` among them. */
  readonly trunks: readonly Trunk[];
  /** For each tensor, in order: what it can be (none: the layout does not know the name). */
  readonly readings: readonly (readonly Reading[])[];
  readonly score: { readonly read: number; readonly byRules: number };
}

/**
 * The layout that reads most of the names; of equals, the one whose own rules (not merely accepted spellings) do; of layouts that
 * read every name alike, the one that writes the prefix the file has, then the first listed. Undefined when none reads any name, or none has
 * a trunk under the prefix that is wanted.
 * @throws LongspanError `ambiguous-format` when two layouts read equally many names differently.
 */
export function matchLayout(
  tensors: readonly { readonly name: string }[],
  layouts: readonly Layout[],
  wantedPrefix?: string,
): LayoutMatch | undefined {
  const names = tensors.map(({ name }) => name.split("."));
  // Layouts that differ in their prefix only share their rules: what these say of the names is found once.
  const found: { readonly layout: Layout; readonly match: LayoutMatch | undefined }[] = [];
  let maxRead = 0;
  const matches = layouts
    .map((layout) => {
      const twin = found.find((other) => sameRules(other.layout, layout));
      const match = twin === undefined ? readWith(parseLayout(layout), names, wantedPrefix, maxRead) : twin.match;
      found.push({ layout, match });
      maxRead = Math.max(maxRead, match?.score.read ?? 0);
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

/** Undefined when the layout reads no name, or fewer than `maxRead` that another one does. */
function readWith(
  parsed: ParsedLayout,
  names: readonly (readonly string[])[],
  wantedPrefix: string | undefined,
  maxRead: number,
): LayoutMatch | undefined {
  const trunks = findTrunks(parsed, names);
  const trunk = wantedPrefix === undefined ? trunks[0] : trunkOfPrefix(trunks, wantedPrefix);
  return trunk === undefined ? undefined : readNames(parsed, names, trunk, trunks, maxRead);
}

/** The same file, read as the model of another of its trunks. */
export function matchTrunk(match: LayoutMatch, tensors: readonly { readonly name: string }[], trunk: Trunk): LayoutMatch {
  const names = tensors.map(({ name }) => name.split("."));
  return readNames(match.parsed, names, trunk, match.trunks, 0) ?? match;
}

function readNames(
  parsed: ParsedLayout,
  names: readonly (readonly string[])[],
  trunk: Trunk,
  trunks: readonly Trunk[],
  maxRead: number,
): LayoutMatch | undefined {
  const { prefix } = trunk;
  const [modules, headModules] = [modulesOf(prefix), modulesOf(trunk.headPrefix)];
  const readings: (readonly Reading[])[] = [];
  let unread = 0;
  for (const name of names) {
    const asTrunk = parsed.read(behindModules(name, modules), "trunk");
    const found = asTrunk.length > 0 ? asTrunk : parsed.read(behindModules(name, headModules), "head");
    if (found.length === 0 && ++unread > names.length - Math.max(1, maxRead)) return undefined;
    readings.push(found);
  }
  const byRules = readings.filter((found) => found.some((reading) => reading.kind === "parameter" && !reading.accepted)).length;
  return { parsed, prefix, trunk, trunks, readings, score: { read: names.length - unread, byRules } };
}
