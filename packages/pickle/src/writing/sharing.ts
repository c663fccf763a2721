import type { PickleInput } from "../values.ts";
import { type Lowering, pushContents } from "./lowering.ts";

/** Finds the identities that occur more than once: what the pickle must put aside to refer to, cycles among them. */
export function findShared(root: PickleInput, lowering: Lowering): ReadonlySet<unknown> {
  const seen: Set<unknown> = new Set();
  const shared: Set<unknown> = new Set();
  const pending: PickleInput[] = [root];
  for (let input = pending.pop(); input !== undefined; input = pending.pop()) {
    const value = lowering.lower(input);
    const identity = lowering.identity(value);
    if (identity !== undefined) {
      if (seen.has(identity)) {
        shared.add(identity);
        continue;
      }
      seen.add(identity);
    }
    pushContents(value, lowering, pending);
  }
  return shared;
}
