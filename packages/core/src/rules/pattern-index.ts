import { isIntegerSegment, type Pattern } from "./pattern.ts";

/** Finds which of many patterns fit a name, in one walk along its segments. */
export interface PatternIndex<Entry> {
  /** The entries whose whole pattern fits these segments, in no particular order. */
  find(name: readonly string[]): readonly Entry[];
}

interface Branch<Entry> {
  readonly named: Map<string, Branch<Entry>>;
  integer: Branch<Entry> | undefined;
  readonly entries: Entry[];
}

/** Opening a file asks every layout about every name, nearly always in vain: a miss costs one look-up here. */
export function indexPatterns<Entry>(entries: readonly Entry[], patternOf: (entry: Entry) => Pattern): PatternIndex<Entry> {
  const root = newBranch<Entry>();
  for (const entry of entries) {
    let branches = [root];
    for (const segment of patternOf(entry).segments) {
      branches = branches.flatMap((branch) => {
        if (segment.kind === "integer") return [(branch.integer ??= newBranch())];
        return (segment.kind === "literal" ? [segment.text] : segment.options).map((text) => childOf(branch, text));
      });
    }
    for (const branch of branches) branch.entries.push(entry);
  }
  return { find: (name) => walk(root, name, 0) };
}

function newBranch<Entry>(): Branch<Entry> {
  return { named: new Map(), integer: undefined, entries: [] };
}

function childOf<Entry>(branch: Branch<Entry>, text: string): Branch<Entry> {
  const known = branch.named.get(text);
  if (known !== undefined) return known;
  const child = newBranch<Entry>();
  branch.named.set(text, child);
  return child;
}

const nothing: readonly never[] = [];

function walk<Entry>(branch: Branch<Entry>, name: readonly string[], depth: number): readonly Entry[] {
  if (depth === name.length) return branch.entries;
  const segment = name[depth] ?? "";
  const named = branch.named.get(segment);
  const found = named === undefined ? nothing : walk(named, name, depth + 1);
  // A digit may also be a literal segment of another pattern.
  if (branch.integer === undefined || !isIntegerSegment(segment)) return found;
  return [...found, ...walk(branch.integer, name, depth + 1)];
}
