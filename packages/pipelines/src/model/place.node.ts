import { checkpointInput, type CheckpointInput } from "@longspan/core";
import type { HubOptions } from "@longspan/hub";
import { parseRepositoryName } from "@longspan/hub/name";

/** In Node a model's place is a path, or the name of a model on the hub. The hub's client is loaded when such a name is met. */
export async function place(text: string, options: HubOptions): Promise<CheckpointInput> {
  if (parseRepositoryName(text) === undefined) return checkpointInput(text);
  const { pathOrHubModel } = await import("@longspan/hub/node");
  return pathOrHubModel(text, options);
}
