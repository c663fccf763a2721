import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { TreeList, TreeMap, TreeOpaque, TreeValue } from "./tree.ts";

/** A value without parts. */
export type TreeLeaf = null | boolean | number | bigint | string | LazyTensor;

/** What becomes of each kind of value, its parts being done; undefined where nothing does. */
export interface TreeFold<Result> {
  /** Of a value without parts: text, number, tensor. */
  leaf(value: TreeLeaf): Result | undefined;
  /** Of a list, tuple or set, from what its items gave. */
  list(list: TreeList, items: readonly (Result | undefined)[]): Result | undefined;
  /** Keys are as they are in the file: most are text. */
  map(map: TreeMap, entries: readonly (readonly [key: TreeValue, value: Result | undefined])[]): Result | undefined;
  /** Of an object of some class, from what its state gave. */
  opaque(value: TreeOpaque, state: Result | undefined): Result | undefined;
  /** In the place of a container within itself, and of one beyond the limits. */
  left(container: TreeList | TreeMap | TreeOpaque, why: "cycle" | "limit"): Result | undefined;
}

/** How much a fold may unfold to. A value that is shared counts in each place: 2 kB of a pickle can stand for 10^10 values. */
export interface TreeFoldLimits {
  /** How many values at most; the rest is handed to `left`. */
  readonly values: number;
  /** Of texts and keys together. Default: 100 for each value. */
  readonly characters?: number | undefined;
  /** Containers inside each other. Default: any. */
  readonly depth?: number | undefined;
}

/** What `foldTree` made of a value. */
export interface FoldedTree<Result> {
  /** What the fold made of the root; undefined where it gave nothing. */
  readonly result: Result | undefined;
  /** False when a limit on values or characters was met: then parts of the value are left out. */
  readonly complete: boolean;
}

/** A container that is begun. */
interface Frame<Result> {
  readonly container: TreeList | TreeMap | TreeOpaque;
  readonly results: (Result | undefined)[];
}

const charactersPerValue = 100;

/**
 * Makes something else of a tree, from its leaves up: the one walk for whatever unfolds data from a file. No depth costs stack, no sharing
 * more than the limits, no cycle lasts.
 */
export function foldTree<Result>(root: TreeValue, fold: TreeFold<Result>, limits: TreeFoldLimits): FoldedTree<Result> {
  const { values, depth = Number.POSITIVE_INFINITY } = limits;
  const spent = { values: 0, characters: 0 };
  const maxCharacters = limits.characters ?? charactersPerValue * values;
  const open = new Set<TreeValue>();
  const frames: Frame<Result>[] = [];
  const complete = (): boolean => spent.values <= values && spent.characters <= maxCharacters;
  let result: Result | undefined;

  function put(made: Result | undefined): void {
    const frame = frames.at(-1);
    if (frame === undefined) result = made;
    else frame.results.push(made);
  }

  function begin(value: TreeValue): void {
    spent.values++;
    if (typeof value === "string") spent.characters += value.length;
    if (typeof value !== "object" || value === null || value.kind === "tensor") put(fold.leaf(value));
    else if (open.has(value)) put(fold.left(value, "cycle"));
    else if (frames.length >= depth || !complete()) put(fold.left(value, "limit"));
    else {
      open.add(value);
      frames.push({ container: value, results: [] });
    }
  }

  begin(root);
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const { container, results } = frame;
    const index = results.length;
    if (complete() && index < partCount(container)) {
      if (container.kind === "map") spent.characters += keyLength(container.entries[index]?.[0]);
      begin(partOf(container, index));
      continue;
    }
    frames.pop();
    open.delete(container);
    put(finished(fold, container, results));
  }
  return { result, complete: complete() };
}

function partCount(container: TreeList | TreeMap | TreeOpaque): number {
  if (container.kind === "map") return container.entries.length;
  return container.kind === "opaque" ? Number(container.state !== undefined) : container.items.length;
}

function partOf(container: TreeList | TreeMap | TreeOpaque, index: number): TreeValue {
  if (container.kind === "map") return container.entries[index]?.[1] ?? null;
  return (container.kind === "opaque" ? container.state : container.items[index]) ?? null;
}

function keyLength(key: TreeValue | undefined): number {
  return typeof key === "string" ? key.length : 1;
}

function finished<Result>(
  fold: TreeFold<Result>,
  container: TreeList | TreeMap | TreeOpaque,
  results: readonly (Result | undefined)[],
): Result | undefined {
  if (container.kind === "opaque") return fold.opaque(container, results[0]);
  if (container.kind !== "map") return fold.list(container, results);
  return fold.map(
    container,
    results.map((value, index) => [container.entries[index]?.[0] ?? null, value] as const),
  );
}
