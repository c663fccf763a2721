import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { ChosenModel, ModelRequest } from "./chosen-model.ts";
import type { LayoutMatch } from "./match-layout.ts";
import { entriesOfModel, namedEntries } from "./models-in-file.ts";

/**
 * Which of a file's models is meant: the one under the user's prefix, else the only Longformer, else the only RoBERTa. A model kept twice under two names (in the
 * same storages) is one. Several are never mixed: `problem` is `ambiguous-format` then, and names their prefixes.
 */
export async function chooseModel(match: LayoutMatch, contents: EnvelopeContents, request: ModelRequest): Promise<ChosenModel> {
  if (match.trunks.length > 1) return (await import("./choose-among-models.ts")).chooseAmongModels(match, contents, request);
  const { prefix } = match.trunk;
  const tensors = entriesOfModel(match.trunk, [], namedEntries(contents.tensors, contents.unreadable)).size;
  const models = [{ prefix, tensors, read: true, sameStorageAs: null, missing: [], extra: [], otherShapes: [] }];
  return { match, contents, models, notes: [] };
}
