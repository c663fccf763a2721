import type { EnvelopeTensor, UnreadableTensor } from "../adapter/envelope.ts";
import type { ParsedLayout } from "../rules/parse-layout.ts";

/** A file's tensors as models are looked for among them: an unreadable one has a name, too. */
export type NamedEntry = Pick<EnvelopeTensor, "name" | "sourceName"> & { readonly tensor?: EnvelopeTensor["tensor"] };

export function namedEntries(tensors: readonly EnvelopeTensor[], unreadable: readonly UnreadableTensor[] = []): NamedEntry[] {
  return [...tensors, ...unreadable];
}

/** Where in a file the parameters of one model lie. */
export interface Trunk {
  /** What stands before the trunk's names: `model.longformer.`. */
  readonly prefix: string;
  /** What stands before the head's names: a leading part of `prefix`. */
  readonly headPrefix: string;
  /** Places in the file's list, by the name behind the prefix. */
  readonly trunk: ReadonlyMap<string, number>;
  readonly head: ReadonlyMap<string, number>;
  /** It has the projections for global attention, which only a Longformer has. */
  readonly isLongformer: boolean;
}

const globalProjection = /^encoder\.layer\.\d+\.attention\.self\.query_global\.weight$/;
const localProjection = /^encoder\.layer\.\d+\.attention\.self\.query\.weight$/;

/** Models told apart in one file, and names looked at for their heads: those of a hostile file could be read as a million models. */
const limits = { models: 20, names: 1_000_000 };

/**
 * The trunks whose names a layout knows, those first that are Longformers, then those with most tensors. Names without an encoder's layer
 * count only where there is nothing else.
 */
export function findTrunks(parsed: ParsedLayout, names: readonly (readonly string[])[]): Trunk[] {
  const found = new Map<string, { trunk: Map<string, number>; isLongformer: boolean; hasLayers: boolean }>();
  for (const [index, name] of names.entries()) {
    for (const depth of parsed.trunkDepths) {
      const start = name.length - depth;
      if (start < 0) continue;
      const rest = name.slice(start);
      if (!parsed.knowsTrunkName(rest)) continue;
      const prefix = asPrefix(name.slice(0, start));
      const known = found.get(prefix) ?? { trunk: new Map<string, number>(), isLongformer: false, hasLayers: false };
      found.set(prefix, known);
      known.trunk.set(rest.join("."), index);
      for (const reading of parsed.read(rest, "trunk")) {
        if (reading.kind !== "parameter") continue;
        known.isLongformer ||= globalProjection.test(reading.canonicalName);
        known.hasLayers ||= localProjection.test(reading.canonicalName);
      }
    }
  }
  const sorted = [...found]
    .map(([prefix, known]) => ({ prefix, ...known }))
    .toSorted((one, other) => Number(other.isLongformer) - Number(one.isLongformer) || other.trunk.size - one.trunk.size);
  const models = sorted.filter(({ hasLayers }) => hasLayers);
  return (
    models.length > 0 ? models.slice(0, Math.max(2, Math.min(limits.models, Math.floor(limits.names / names.length)))) : sorted.slice(0, 1)
  ).map((trunk) => ({
    ...trunk,
    ...findHead(parsed, names, trunk.prefix),
  }));
}

/** A head stands beside the trunk or beside one of the modules around it: under a leading part of the trunk's prefix. */
function findHead(
  parsed: ParsedLayout,
  names: readonly (readonly string[])[],
  trunkPrefix: string,
): { readonly headPrefix: string; readonly head: ReadonlyMap<string, number> } {
  const modules = modulesOf(trunkPrefix);
  const heads = new Map<number, Map<string, number>>();
  for (const [index, name] of names.entries()) {
    const shared = sharedModules(name, modules);
    for (const depth of parsed.headDepths) {
      const start = name.length - depth;
      if (start < 0 || start > shared) continue;
      const rest = name.slice(start);
      if (!parsed.read(rest, "head").some(({ kind }) => kind !== "drop")) continue;
      const head = heads.get(start) ?? new Map<string, number>();
      heads.set(start, head.set(rest.join("."), index));
    }
  }
  const [largest] = [...heads].toSorted(([start, head], [otherStart, other]) => other.size - head.size || start - otherStart);
  const [start, head] = largest ?? [0, new Map<string, number>()];
  return { headPrefix: asPrefix(modules.slice(0, start)), head };
}

/** A prefix's modules, outermost first: of `model.longformer.`, these two. */
export function modulesOf(prefix: string): readonly string[] {
  return prefix.split(".").slice(0, -1);
}

function asPrefix(modules: readonly string[]): string {
  return modules.length === 0 ? "" : `${modules.join(".")}.`;
}

/** How many of the modules, from the outermost, a name begins with. */
function sharedModules(name: readonly string[], modules: readonly string[]): number {
  const departs = modules.findIndex((module, depth) => name[depth] !== module);
  return departs === -1 ? modules.length : departs;
}

/** A name's segments behind these modules; none when it does not begin with them. */
export function behindModules(name: readonly string[], modules: readonly string[]): readonly string[] {
  if (modules.length === 0) return name;
  return modules.every((module, depth) => name[depth] === module) ? name.slice(modules.length) : [];
}

/** The trunk a user's prefix means: the trunk's own, or that of the one model around it. */
export function trunkOfPrefix(trunks: readonly Trunk[], wanted: string): Trunk | undefined {
  const prefix = wanted === "" || wanted.endsWith(".") ? wanted : `${wanted}.`;
  const exact = trunks.find((trunk) => trunk.prefix === prefix);
  if (exact !== undefined) return exact;
  const below = trunks.filter((trunk) => prefix !== "" && trunk.prefix.startsWith(prefix));
  return below.length === 1 ? below[0] : undefined;
}

/** Places of all tensors of a model: of trunk and head, and whatever else lies under a module that no other model shares. */
export function entriesOfModel(model: Trunk, others: readonly Trunk[], entries: readonly NamedEntry[]): ReadonlySet<number> {
  const found = new Set([...model.trunk.values(), ...model.head.values()]);
  const root = ownModule(model, others);
  if (root !== undefined) {
    for (const [index, { name }] of entries.entries()) if (name.startsWith(root)) found.add(index);
  }
  for (const other of others) {
    for (const index of other.trunk.values()) found.delete(index);
    // A head that two trunks could have belongs to the one that lies nearer to it; of equals, to each.
    if (other.headPrefix.length > model.headPrefix.length) for (const index of other.head.values()) found.delete(index);
  }
  return found;
}

/** The outermost module around the trunk in which no other model lies. */
export function ownModule({ prefix }: Trunk, others: readonly Trunk[]): string | undefined {
  const modules = modulesOf(prefix);
  const shared = others.reduce((most, other) => Math.max(most, sharedModules(modulesOf(other.prefix), modules)), 0);
  return shared < modules.length ? asPrefix(modules.slice(0, shared + 1)) : undefined;
}
