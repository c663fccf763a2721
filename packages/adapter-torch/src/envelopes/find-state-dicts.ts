import { isTensorLike, isTreeMap, tensorSearch, type TreeMap, type TreeOpaque, type TreeValue } from "@longspan/core/adapter";
import { isModule } from "./module.ts";
import { withoutWrapperSegments } from "./wrapper-segments.ts";

/** Keys under which training scripts keep the model, the likeliest first. */
const modelKeys = ["state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights", "params"] as const;

/** Files wrap a state dict once or twice. */
const maxDepth = 4;

/** A state dict, or a module that holds one, and where in the file it is: `model.state_dict`. */
export interface FoundState {
  readonly path: string;
  readonly value: TreeMap | TreeOpaque;
}

export interface FoundStates {
  /** The model's first; then further copies of it (an average beside it), or the other modules where each has a state dict of its own. */
  readonly states: readonly [FoundState, ...FoundState[]];
  /** The maps around the first, the outermost first, each with the key that was taken. */
  readonly around: readonly { readonly map: TreeMap; readonly key: string }[];
  /** Whether every step took a known key; else a map of tensors was found alone, or several are the modules of one model. */
  readonly byName: boolean;
}

type Search = (map: TreeMap) => FoundStates | undefined;

/** Looks for a training file's state dicts below its root. A value that is shared is looked at once, however often it stands in the file. */
export function findStateDicts(root: TreeMap): FoundStates | undefined {
  const holdsTensor = tensorSearch();
  const known = new Map<TreeMap, FoundStates | undefined>();
  const search = (map: TreeMap, depth: number): FoundStates | undefined => {
    if (depth >= maxDepth) return undefined;
    if (known.has(map)) return known.get(map);
    // A map inside itself finds nothing there.
    known.set(map, undefined);
    const found = searchIn(map, holdsTensor, (inner) => search(inner, depth + 1));
    known.set(map, found);
    return found;
  };
  return search(root, 0);
}

function searchIn(map: TreeMap, holdsTensor: (value: TreeValue) => boolean, below: Search): FoundStates | undefined {
  for (const key of modelKeys) {
    const value = map.get(key);
    if (!isModule(value) && !(isTreeMap(value) && holdsTensor(value))) continue;
    const found = isState(value) ? single(map, key, value) : within(map, key, isTreeMap(value) ? below(value) : undefined);
    return found === undefined ? undefined : withCopies(found, map, key, below);
  }
  return withoutKnownKey(map, below);
}

/** The one map of tensors; or several, which are a model's modules; or the one map that has the model under a known key. */
function withoutKnownKey(map: TreeMap, below: Search): FoundStates | undefined {
  const parts: { readonly key: string; readonly value: TreeMap | TreeOpaque }[] = [];
  const others = new Map<TreeMap, string>();
  for (const [key, value] of map.entries) {
    if (typeof key !== "string") continue;
    if (isState(value)) parts.push({ key, value });
    else if (isTreeMap(value) && !others.has(value)) others.set(value, key);
  }
  const [first, ...rest] = parts;
  if (first !== undefined) {
    const { states, around } = single(map, first.key, first.value);
    return { states: [...states, ...rest.map(({ key, value }) => ({ path: key, value }))], around, byName: false };
  }
  const inside = [...others].flatMap(([value, key]) => {
    const found = below(value);
    return found?.byName === true ? [{ key, found }] : [];
  });
  const [only] = inside;
  return only === undefined || inside.length > 1 ? undefined : within(map, only.key, { ...only.found, byName: false });
}

function single(map: TreeMap, key: string, value: TreeMap | TreeOpaque): FoundStates {
  return { states: [{ path: key, value }], around: [{ map, key }], byName: true };
}

function within(map: TreeMap, key: string, found: FoundStates | undefined): FoundStates | undefined {
  if (found === undefined) return undefined;
  const [first, ...rest] = found.states.map(({ path, value }) => ({ path: `${key}.${path}`, value }));
  return first === undefined ? undefined : { ...found, states: [first, ...rest], around: [{ map, key }, ...found.around] };
}

/** Keys of what an optimizer keeps for each parameter, under the parameters' names: no copies of the model. */
const optimizerKey = /optim|grad|moment|exp_avg/i;

/** Adds the state dicts beside the model's that hold most of its names: averages of it, a teacher. */
function withCopies(found: FoundStates, map: TreeMap, modelKey: string, below: Search): FoundStates {
  const [model] = found.states;
  if (!isTreeMap(model.value)) return found;
  const tails = tailsOf(model.value);
  const copies: FoundState[] = [];
  const seen = new Set<TreeValue>();
  for (const [key, value] of map.entries) {
    if (typeof key !== "string" || key === modelKey || optimizerKey.test(key) || !isTreeMap(value) || seen.has(value)) continue;
    seen.add(value);
    const states = isState(value) ? [{ path: key, value }] : (within(map, key, below(value))?.states ?? []);
    for (const state of states) {
      if (!isTreeMap(state.value)) continue;
      const others = tailsOf(state.value);
      if ([...tails].filter((tail) => others.has(tail)).length * 2 >= tails.size) copies.push(state);
    }
  }
  return { ...found, states: [...found.states, ...copies] };
}

/** The ends of the tensors' names, as far as they are the same whatever modules stand around the model. */
function tailsOf(stateDict: TreeMap): ReadonlySet<string> {
  const tails = new Set<string>();
  for (const [name, value] of stateDict.entries) {
    if (typeof name === "string" && isTensorLike(value)) tails.add(withoutWrapperSegments(name).split(".").slice(-5).join("."));
  }
  return tails;
}

function isState(value: TreeValue | undefined): value is TreeMap | TreeOpaque {
  return isModule(value) || (isTreeMap(value) && isStateDict(value));
}

/** At least half of the values are tensors. */
function isStateDict(map: TreeMap): boolean {
  if (map.entries.length === 0) return false;
  return map.entries.filter(([, value]) => isTensorLike(value)).length * 2 >= map.entries.length;
}
