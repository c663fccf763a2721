import { LongspanError } from "@longspan/core";
import { isTreeMap, type TreeMap, type TreeOpaque, type TreeValue } from "@longspan/core/adapter";

/** Modules walked, each counted as often as it is reached: shared ones can unfold without end. Large models have some ten thousand. */
const maxModules = 200_000;

const maxDepth = 1000;

/** The attributes of an object that is a pickled `torch.nn.Module`: it keeps `_parameters`, `_buffers` and `_modules`. */
export function moduleAttributes(value: TreeValue | undefined): TreeMap | undefined {
  if (typeof value !== "object" || value === null || value.kind !== "opaque" || !isTreeMap(value.state)) return undefined;
  const state = value.state;
  return isTreeMap(state.get("_parameters")) && isTreeMap(state.get("_modules")) ? state : undefined;
}

interface Visit {
  readonly module: TreeMap;
  readonly prefix: string;
  readonly above: Visit | undefined;
  readonly depth: number;
}

/**
 * The state dict of a whole pickled module, as `Module.state_dict()` would make it: parameters and persistent buffers of every
 * module, named by the path to it (torch/nn/modules/module.py). No code of the module is run, so a class that overrides
 * `state_dict` is not heard.
 * @throws LongspanError `malformed` when a module contains itself, `limit-exceeded`.
 */
export function moduleStateDict(module: TreeOpaque): (readonly [string, TreeValue])[] {
  const entries: (readonly [string, TreeValue])[] = [];
  const root = moduleAttributes(module);
  const waiting: Visit[] = root === undefined ? [] : [{ module: root, prefix: "", above: undefined, depth: 0 }];
  for (let visited = 0; waiting.length > 0; visited++) {
    const visit = waiting.pop();
    if (visit === undefined) break;
    if (visited > maxModules || visit.depth > maxDepth) {
      throw new LongspanError(
        "limit-exceeded",
        `The pickled module has more than ${maxModules} parts, or parts nested more than ${maxDepth} deep. Save its state_dict() instead.`,
      );
    }
    refuseCycle(visit);
    for (const [name, value] of ownTensors(visit.module)) entries.push([visit.prefix + name, value]);
    // The first child is taken next: the order of state_dict().
    for (const [name, child] of children(visit.module).toReversed()) {
      waiting.push({ module: child, prefix: `${visit.prefix}${name}.`, above: visit, depth: visit.depth + 1 });
    }
  }
  return entries;
}

function refuseCycle({ module, prefix, above }: Visit): void {
  for (let visit = above; visit !== undefined; visit = visit.above) {
    if (visit.module === module)
      throw new LongspanError(
        "malformed",
        `The pickled module contains itself, as "${prefix.slice(0, 200)}". Save its state_dict() instead.`,
      );
  }
}

function ownTensors(module: TreeMap): (readonly [string, TreeValue])[] {
  const transient = module.get("_non_persistent_buffers_set");
  const isTransient = (name: string): boolean =>
    typeof transient === "object" && transient !== null && transient.kind === "set" && transient.items.includes(name);
  const buffers = textEntries(module.get("_buffers")).filter(([name]) => !isTransient(name));
  // A parameter or buffer that was registered without a value is None and not in the state dict.
  return [...textEntries(module.get("_parameters")), ...buffers].filter(([, value]) => value !== null);
}

function children(module: TreeMap): (readonly [string, TreeMap])[] {
  return textEntries(module.get("_modules")).flatMap(([name, value]) => {
    const attributes = moduleAttributes(value);
    return attributes === undefined ? [] : [[name, attributes] as const];
  });
}

function textEntries(map: TreeValue | undefined): (readonly [string, TreeValue])[] {
  if (!isTreeMap(map)) return [];
  return map.entries.flatMap(([key, value]) => (typeof key === "string" ? [[key, value] as const] : []));
}
