import type { Checkpoint, Converter } from "@longspan/core";
import type { ModelOptions } from "./model-options.ts";
import type { Terminal } from "../terminal.ts";
import { openModel } from "./open-model.ts";

export interface OpenedPair {
  readonly a: Checkpoint;
  readonly b: Checkpoint;
  /** Said aloud: which of the two is read with the other's configuration. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** Two models that are to be compared. Where one has no configuration (a bare state dict), the other's serves for both. */
export async function openPair(
  converter: Converter,
  models: readonly [a: string, b: string],
  options: ModelOptions & { readonly layout?: string },
  session: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<OpenedPair> {
  const open = async (model: string, configuration?: unknown): Promise<Checkpoint> =>
    (await openModel(converter, model, { ...options, configuration }, options.layout, session)).checkpoint;
  const opened: Checkpoint[] = [];
  const close = async (): Promise<void> => {
    for (const checkpoint of opened.splice(0)) await checkpoint.close();
  };
  try {
    for (const model of models) opened.push(await open(model));
    const notes: string[] = [];
    for (const [index, model] of models.entries()) {
      const [own, other] = [opened[index], opened[1 - index]];
      if (own?.problem?.code !== "config-missing" || other === undefined || other.config === null) continue;
      await own.close();
      opened[index] = await open(model, other.config.source);
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
