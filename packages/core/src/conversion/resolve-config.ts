import type { FileSet } from "../bytes/file-set.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { parseLongformerConfig, type ParsedConfig } from "../longformer/config.ts";
import { publishedConfigs } from "../longformer/published-configs.ts";
import { createLongformerSpec } from "../longformer/spec.ts";

/** A model's config.json is a few kB; 10 MB is the cap other hub clients use. */
const largestConfigBytes = 10 * 2 ** 20;

export interface ConfigSources {
  /** From the user. */
  readonly given: unknown;
  /** Found inside the checkpoint: a whole configuration, or single keys. */
  readonly inside: Readonly<Record<string, unknown>> | undefined;
  readonly files: FileSet;
  /** Canonical names → canonical shapes, as far as the layout reads the file. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

export interface ResolvedConfig extends ParsedConfig {
  readonly origin: string;
}

/**
 * The configuration: the user's, else the config.json beside the file, else the one inside it, else a published one whose every
 * shape the file has (said aloud). Never guessed: a wrong head count or window loads without complaint and answers wrongly.
 * @throws LongspanError `config-missing`, `config-invalid`, `not-a-longformer`.
 */
export async function resolveConfig({ given, inside, files, shapes }: ConfigSources): Promise<ResolvedConfig> {
  if (given !== undefined) return parsed(merge(inside, given), "the given configuration");
  const beside = await readConfigFile(files);
  if (beside !== undefined) return parsed(merge(inside, beside), `${files.name}/config.json`);
  if (inside !== undefined && typeof inside.hidden_size === "number" && typeof inside.num_attention_heads === "number") {
    return parsed(inside, "the configuration inside the checkpoint");
  }
  for (const [name, published] of Object.entries(publishedConfigs)) {
    const { config } = parseLongformerConfig(published);
    const required = createLongformerSpec(config, "model").parameters.filter(({ need }) => need === "required");
    if (layersIn(shapes) === config.layers && required.every(({ name: parameter, shape }) => sameShape(shapes.get(parameter), shape))) {
      const resolved = parsed({ ...published, ...inside }, `the published ${name}`);
      return {
        ...resolved,
        notes: [
          ...resolved.notes,
          `There is no config.json: every shape is that of the published ${name}, so its configuration is taken. Pass --config if the model was trained with other windows or heads.`,
        ],
      };
    }
  }
  throw new LongspanError(
    "config-missing",
    `There is no config.json in ${files.name}, and the shapes (${summary(shapes)}) are not those of a published model. Pass the model's config.json with --config (option config): the number of heads and the windows cannot be seen in weights.`,
    { details: { folder: files.name } },
  );
}

function parsed(raw: unknown, origin: string): ResolvedConfig {
  return { ...parseLongformerConfig(raw, origin), origin };
}

/** What the user or the file beside says wins over what the checkpoint itself says. */
function merge(inside: Readonly<Record<string, unknown>> | undefined, outside: unknown): unknown {
  if (inside === undefined || typeof outside !== "object" || outside === null || Array.isArray(outside)) return outside;
  return { ...inside, ...outside };
}

async function readConfigFile(files: FileSet): Promise<unknown> {
  const source = await files.resolve("config.json");
  if (source === undefined) return undefined;
  try {
    if (source.size > largestConfigBytes) {
      throw new LongspanError(
        "limit-exceeded",
        `${source.name} is ${source.size} bytes long; a model configuration has at most ${largestConfigBytes}.`,
      );
    }
    return parseJson(await source.read(0, source.size), source.name);
  } finally {
    await source.close();
  }
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new LongspanError("config-invalid", `${name} is not JSON: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

function sameShape(one: readonly number[] | undefined, other: readonly number[]): boolean {
  return one !== undefined && one.length === other.length && one.every((dimension, axis) => dimension === other[axis]);
}

function summary(shapes: ReadonlyMap<string, readonly number[]>): string {
  const words = shapes.get("embeddings.word_embeddings.weight");
  return `vocabulary ${words?.[0] ?? "?"}, hidden ${words?.[1] ?? "?"}, ${layersIn(shapes)} layers`;
}

function layersIn(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.keys()].filter((parameter) => /^encoder\.layer\.\d+\.output\.dense\.bias$/.test(parameter)).length;
}
