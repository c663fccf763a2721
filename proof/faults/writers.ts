import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { LongspanError } from "@longspan/core";
import type { Fault } from "./disks.ts";
import { finished, stateOf } from "./folder-state.ts";
import { outputOf, outputs, writeOutput } from "./outputs.ts";

const pairs = 10;

/** Two runs, of two models, to one place at once, where an output may lie already: what lies there in the end is one of the two, whole. */
function together(force: boolean, over = false): Fault {
  return async ({ source, older, scratch }) => {
    const problems: string[] = [];
    const ends = new Map<string, number>();
    for (const kind of Object.keys(outputs)) {
      const name = outputOf(kind).isFile === true ? "model.bin" : "model";
      const alone: string[] = [];
      for (const model of [source, older]) {
        const place = await mkdtemp(join(scratch, "alone-"));
        await writeOutput(kind, model, join(place, name), false);
        alone.push(finished(await stateOf(place)));
      }
      for (let pair = 0; pair < pairs; pair++) {
        const place = await mkdtemp(join(scratch, "together-"));
        if (over) await writeOutput(kind, older, join(place, name), false);
        const results = await Promise.allSettled([source, older].map((model) => writeOutput(kind, model, join(place, name), force)));
        const codes = results.map((result) => {
          if (result.status === "fulfilled") return "written";
          return LongspanError.isInstance(result.reason) ? result.reason.code : `a plain error: ${String(result.reason)}`;
        });
        const said = codes.toSorted().join(" and ");
        ends.set(said, (ends.get(said) ?? 0) + 1);
        const state = await stateOf(place);
        if (!alone.includes(finished(state))) problems.push(`${kind}: neither of the two: ${Object.keys(state).join(", ")} (${said})`);
        if ("unfinished" in state) problems.push(`${kind}: something unfinished is left (${said})`);
        if (over && said !== "written and written")
          problems.push(`${kind}: one that may replace what is there waits for the other (${said})`);
        // Whoever comes second is told that somebody was there.
        if (codes.some((code) => code !== "written" && code !== "target-exists")) problems.push(`${kind}: ${said}`);
      }
    }
    return { counts: [...ends].map(([said, count]) => `${count} × ${said}`).join(", "), problems };
  };
}

export const twoWriters: Readonly<Record<string, Fault>> = {
  "two runs to one new place": together(false),
  "two runs to one place, with force": together(true),
  "two runs over what lies in one place, with force": together(true, true),
};
