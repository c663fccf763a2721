import { type CheckpointInput, LongspanError } from "@longspan/core";
import { checkOptions } from "@longspan/core/adapter";
import { pathInput } from "@longspan/core/node";
import { hubModel } from "./hub-model.ts";
import { type HubOptions, hubOptionNames } from "./hub-options.ts";
import { exists } from "./machine/exists.node.ts";
import { parseRepositoryName } from "./repository-name.ts";

/**
 * A path on this machine, or where there is none and the text can be one, the name of a model on the hub (`owner/name[@revision]`).
 * @throws LongspanError `not-found`, and as `hubModel`.
 */
export async function pathOrHubModel(text: string, options: HubOptions = {}): Promise<CheckpointInput> {
  checkOptions(options, hubOptionNames, "pathOrHubModel");
  if (parseRepositoryName(text) === undefined || (await exists(text))) return pathInput(text);
  try {
    return await hubModel(text, options);
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    throw new LongspanError(
      error.code,
      `There is no file or folder ${text} here, so it was taken for a model on the hub. ${error.message}`,
      {
        cause: error,
        details: error.details,
      },
    );
  }
}
