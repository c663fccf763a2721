import type { Checkpoint, Converter } from "@longspan/core";
import type { ModelOptions } from "./model-options.ts";
import { openModel, type OpeningContext } from "./open-model.ts";

export interface OpenedPair {
  readonly a: Checkpoint;
  readonly b: Checkpoint;
  /** Said aloud: which of the two is read with the other's configuration. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** What is opened otherwise than the options say. */
type Changes = { readonly prefix?: string | undefined; readonly configuration?: unknown };

/**
 * Two models that are to be compared. Where one has no configuration (a bare state dict), the other's serves for both; a prefix that says
 * which of several models is meant is that of the file that has it.
 */
export async function openPair(
  converter: Converter,
  models: readonly [a: string, b: string],
  options: ModelOptions & { readonly layout?: string },
  context: OpeningContext,
): Promise<OpenedPair> {
  const open = async (model: string, { prefix, configuration }: Changes): Promise<Checkpoint> => {
    const { prefix: _prefix, ...others } = options;
    const changed = { ...others, ...(prefix === undefined ? {} : { prefix }), ...(configuration === undefined ? {} : { configuration }) };
    return (await openModel(converter, model, changed, options.layout, context)).checkpoint;
  };
  const opened: Checkpoint[] = [];
  const close = async (): Promise<void> => {
    for (const checkpoint of opened.splice(0)) await checkpoint.close();
  };
  try {
    for (const model of models) opened.push(await open(model, options));
    const notes: string[] = [];
    const reopen = async (index: number, changes: Changes): Promise<void> => {
      await opened[index]?.close();
      opened[index] = await open(models[index] ?? "", changes);
    };
    for (const index of models.keys()) {
      const [own, other] = [opened[index], opened[1 - index]];
      const lacksPrefix = own?.problem?.details.prefixes !== undefined && own.problem.code === "not-a-longformer";
      if (own === undefined || other === undefined || !lacksPrefix || other.layout === null) continue;
      await reopen(index, { prefix: undefined });
      notes.push(
        `${own.name} has no model under the prefix "${options.prefix ?? ""}": it is read as it is, and the prefix is the other's.`,
      );
    }
    for (const index of models.keys()) {
      const [own, other] = [opened[index], opened[1 - index]];
      if (own?.problem?.code !== "config-missing" || other === undefined || other.config === null) continue;
      await reopen(index, { prefix: own.prefix, configuration: other.config.source });
      notes.push(`${own.name} has no configuration: it is read with that of ${other.name} (${other.configOrigin ?? "config.json"}).`);
    }
    const [a, b] = opened;
    if (a === undefined || b === undefined) throw new TypeError("two models are opened");
    return { a, b, notes, close };
  } catch (error) {
    await close();
    throw error;
  }
}
