import { checkpointInput, type CheckpointInput } from "@longspan/core";
import type { HubOptions } from "@longspan/hub";

/** In a browser a model's place is a URL, relative to the page; a model on the hub is given as `await hubModel("owner/name")`. @throws LongspanError `argument-invalid` where there is no page. */
export async function place(text: string, { signal, timeout, onProgress }: HubOptions): Promise<CheckpointInput> {
  return checkpointInput(text, { signal, timeout, onProgress });
}
