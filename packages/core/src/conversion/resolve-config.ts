import type { FileSet } from "../bytes/file-set.ts";
import type { MemoryBudget } from "../accounting/memory-budget.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { readJson } from "../json/parse-json.ts";
import type { AttentionWindows } from "../longformer/attention-windows.ts";
import { configKeys, ownConfig, readConfig, type ParsedConfig } from "../longformer/config.ts";
import type { ExtendOptions, Extension } from "../longformer/extend-config.ts";
import { layersIn } from "./layers-in.ts";

export interface ConfigSources {
  /** From the user. */
  readonly given: unknown;
  /** Found inside the checkpoint: a whole configuration, or single keys. */
  readonly inside: Readonly<Record<string, unknown>> | undefined;
  readonly files: FileSet;
  /** Canonical names → canonical shapes, as far as the layout reads the file. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** What stands before the trunk's names in the file. */
  readonly prefix: string;
  /** Windows from the user. */
  readonly window: AttentionWindows | undefined;
  /** The file is a RoBERTa, and a Longformer of it is wanted. */
  readonly extend: ExtendOptions | undefined;
  readonly budget: MemoryBudget;
}

export interface ResolvedConfig extends ParsedConfig {
  readonly origin: string;
  /** What is to be done to a RoBERTa whose configuration this was. */
  readonly extension?: Extension | undefined;
}

/**
 * The configuration: the user's, else the config.json beside the file, else the one inside it, else a published one whose every
 * shape the file has (said aloud). Never guessed: a wrong head count or window loads without complaint and answers wrongly.
 * @throws LongspanError `config-missing`, `config-invalid`, `limit-exceeded`, `not-a-longformer`.
 */
export async function resolveConfig(sources: ConfigSources): Promise<ResolvedConfig> {
  const { given, inside, files, shapes, extend, budget } = sources;
  if (given !== undefined) return parsed(merge(inside, given), "the given configuration", sources);
  const beside = await readConfigFile(files, budget);
  if (beside !== undefined) return parsed(merge(inside, beside.value), beside.origin, sources);
  if (inside !== undefined && typeof inside.hidden_size === "number" && typeof inside.num_attention_heads === "number") {
    return parsed(inside, "the configuration inside the checkpoint", sources);
  }
  const published = extend === undefined ? (await import("./published-config-of.ts")).publishedConfigOf(shapes) : undefined;
  if (published !== undefined) {
    const { name, config } = published;
    if (isRobertaPrefix(sources.prefix) && sources.window === undefined) throw perhapsAGraft(sources, name);
    const resolved = await parsed({ ...config, ...inside }, `the published ${name}`, sources);
    return {
      ...resolved,
      notes: [
        ...resolved.notes,
        `There is no config.json: every shape is that of the published ${name}, so its configuration is taken. Pass --config if the model was trained with other windows or heads.`,
      ],
    };
  }
  throw new LongspanError(
    "config-missing",
    `There is no config.json in ${files.name}, and the shapes (${summary(shapes)}) are not those of a published model. Pass the model's config.json with --config (option config): the number of heads and the windows cannot be seen in weights.`,
    { details: { folder: files.name } },
  );
}

async function parsed(raw: unknown, origin: string, { window, extend, prefix }: ConfigSources): Promise<ResolvedConfig> {
  if (extend !== undefined) return { ...(await import("../longformer/extend-config.ts")).extendConfig(raw, origin, extend), origin };
  if (window === undefined && isRobertaPrefix(prefix)) requireWindows(raw, origin);
  const own = ownConfig(configKeys(raw, origin), origin, window);
  if (own !== undefined) return { ...readConfig(own, origin, window), origin };
  const { parseLongformerConfig } = await import("../longformer/parse-config.ts");
  return { ...parseLongformerConfig(raw, origin, { window }), origin };
}

/** Names of a RoBERTa, and a configuration that says neither what the model is nor its windows: a Longformer's default would be a guess. */
function requireWindows(raw: unknown, origin: string): void {
  const { model_type: type, attention_window: windows }: { model_type?: unknown; attention_window?: unknown } = { ...Object(raw) };
  if ((type ?? windows ?? undefined) !== undefined) return;
  throw new LongspanError(
    "config-missing",
    `${origin} says neither model_type nor attention_window, and the names are those of a RoBERTa that was given a Longformer's attention: its windows cannot be seen in weights. Say them with --window (option window), as they were in training: both sides together, such as 512.`,
    { details: { key: "attention_window" } },
  );
}

function isRobertaPrefix(prefix: string): boolean {
  return prefix.split(".").at(-2) === "roberta";
}

function perhapsAGraft({ files }: ConfigSources, name: string): LongspanError {
  return new LongspanError(
    "config-missing",
    `There is no config.json in ${files.name}. The shapes are those of the published ${name}, but the names are a RoBERTa's: one of that size that was given a Longformer's attention has the same, whatever its windows. Pass the model's config.json with --config (option config), or its windows with --window (option window): 512 for the published models.`,
    { details: { folder: files.name } },
  );
}

/** What the user or the file beside says wins over what the checkpoint itself says. */
function merge(inside: Readonly<Record<string, unknown>> | undefined, outside: unknown): unknown {
  if (inside === undefined || typeof outside !== "object" || outside === null || Array.isArray(outside)) return outside;
  return { ...inside, ...outside };
}

async function readConfigFile(
  files: FileSet,
  budget: MemoryBudget,
): Promise<{ readonly value: unknown; readonly origin: string } | undefined> {
  const source = await files.resolve("config.json");
  if (source === undefined) return undefined;
  try {
    return { value: await readJson(source, { code: "config-invalid", budget }), origin: source.name };
  } finally {
    await source.close();
  }
}

function summary(shapes: ReadonlyMap<string, readonly number[]>): string {
  const words = shapes.get("embeddings.word_embeddings.weight");
  return `vocabulary ${words?.[0] ?? "?"}, hidden ${words?.[1] ?? "?"}, ${layersIn(shapes)} layers`;
}
