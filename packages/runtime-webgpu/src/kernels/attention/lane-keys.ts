import { lines, upTo } from "../parts/lines.ts";
import type { LaneTiling } from "./attention-task.ts";
import type { SoftmaxStep } from "./softmax-step.ts";

/**
 * How the lanes of a software adapter read the keys of a step.
 *
 * On lavapipe every read of a storage buffer is a loop over the lanes, whether they read the same element or not. Where the size of
 * subgroups is known, a workgroup is one subgroup, each lane reads another key, and they tell each other: 2.5 times as fast there as all
 * lanes reading all keys, with a quarter of the code.
 */
export interface LaneKeys {
  /** WGSL before all declarations. */
  readonly directives: string;
  /** A parameter of the entry point. */
  readonly parameter: string;
  /** Statements at the start of the loop over `place`, which go on with the next step where no row sees any of its keys. */
  readonly keysOfStep: string;
  /** Whether a condition of one lane holds for any lane that goes the same way. */
  any(condition: string): string;
  readonly step: Pick<SoftmaxStep, "keys" | "beforeKeys" | "beforeValues" | "key" | "value" | "sees">;
}

export function laneKeys({ lanes, keys, exchange }: LaneTiling): LaneKeys {
  const each = upTo(keys);
  const sees: SoftmaxStep["sees"] = (row, key) => `row + ${row}u - low${key} < span${key}`;
  if (exchange) {
    // Of every `lanes` keys a lane reads one.
    const reads = upTo(keys / lanes);
    const told = (what: string, key: number): string => `subgroupBroadcast(${what}, ${key % lanes}u)`;
    const readOf = (key: number): number => Math.floor(key / lanes);
    return {
      directives: "enable subgroups;\ndiagnostic(off, subgroup_uniformity);",
      parameter: "@builtin(subgroup_invocation_id) subgroupLane: u32,",
      keysOfStep: `${lines(reads, (read) => `let own${read} = key_at(work, place + ${read * lanes}u + subgroupLane);`)}
      if (!subgroupAny((${reads.map((read) => `own${read}.span`).join(" | ")}) != 0u)) { continue; }
      ${lines(each, (key) => `let low${key} = ${told(`own${readOf(key)}.low`, key)}; let span${key} = ${told(`own${readOf(key)}.span`, key)};`)}`,
      any: (condition) => `subgroupAny(${condition})`,
      step: {
        keys,
        sees,
        beforeKeys: (vector) => reads.map((read) => `let read${read} = read_key(own${read}.start, ${vector});`).join(" "),
        key: (key) => told(`read${readOf(key)}`, key),
        beforeValues: (vector) => reads.map((read) => `let read${read} = read_value(own${read}.start, ${vector});`).join(" "),
        value: (key) => told(`read${readOf(key)}`, key),
      },
    };
  }
  return {
    directives: "",
    parameter: "",
    keysOfStep: `${lines(each, (one) => `let key${one} = key_at(work, place + ${one}u); let low${one} = key${one}.low; let span${one} = key${one}.span;`)}
      if ((${each.map((one) => `span${one}`).join(" | ")}) == 0u) { continue; }`,
    any: (condition) => condition,
    step: {
      keys,
      sees,
      key: (key, vector) => `read_key(key${key}.start, ${vector})`,
      value: (key, vector) => `read_value(key${key}.start, ${vector})`,
    },
  };
}
