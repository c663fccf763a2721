import { type FileSet, LongspanError } from "@longspan/core";
import { memoryBudget, readJson, shownValue } from "@longspan/core/adapter";
import { isObject, textOf, type JsonObject } from "../tokenizer/json-object.ts";
import { isPoolingMode, poolingModes, type PoolingMode } from "./pooling-mode.ts";

/** How a folder of sentence-transformers says that its model makes a vector of a text. */
export interface SentenceModel {
  /** One or more, whose vectors are joined. */
  readonly pooling: readonly PoolingMode[];
  readonly normalize: boolean;
  /** Whether a prompt's tokens count when vectors are pooled. */
  readonly includesPrompt: boolean;
  /** Tokens that are read of a text, special tokens included; undefined: all that the model has positions for. */
  readonly maxTokens: number | undefined;
  readonly lowerCase: boolean;
  readonly prompts: ReadonlyMap<string, string>;
  /** The name of the prompt that is used where none is asked for. */
  readonly defaultPrompt: string | undefined;
}

/** The names that a transformer's settings have had (sentence_transformers, `Transformer.load`). */
const transformerSettings = [
  "sentence_bert_config.json",
  "sentence_roberta_config.json",
  "sentence_distilbert_config.json",
  "sentence_camembert_config.json",
  "sentence_albert_config.json",
  "sentence_xlm-roberta_config.json",
  "sentence_xlnet_config.json",
] as const;

/** Keys of a pooling's configuration before version 6, by mode. */
const modeOfKey: readonly (readonly [key: string, mode: PoolingMode])[] = /*#__PURE__*/ poolingModes.map((mode) => [
  `pooling_mode_${mode === "cls" ? "cls_token" : ["max", "mean", "weightedmean"].includes(mode) ? `${mode}_tokens` : mode}`,
  mode,
]);

/**
 * What the folder around a transformer says, when it is one of sentence-transformers; undefined when it is not.
 * @param files what lies beside the weights: the folder itself, or the transformer's folder in it (`0_Transformer`)
 * @throws LongspanError `malformed` for a description that is none; `unsupported` for a module that is not computed here.
 */
export async function readSentenceModel(files: FileSet, signal: AbortSignal | undefined): Promise<SentenceModel | undefined> {
  const root = await folderOfModules(files, signal);
  if (root === undefined) return undefined;
  const origin = `${root.folder.name}/modules.json`;
  const [transformer, pooling, ...rest] = root.modules;
  if (transformer === undefined || kindOf(transformer) !== "Transformer" || pooling === undefined || kindOf(pooling) !== "Pooling") {
    throw unsupported(
      origin,
      `its modules are ${root.modules.map((module) => kindOf(module)).join(", ") || "none"}, not a Transformer and a Pooling`,
    );
  }
  const other = rest.map((module) => kindOf(module)).find((kind) => kind !== "Normalize" && kind !== "Dropout");
  if (other !== undefined) throw unsupported(origin, `its vectors go through a module ${other}`);
  const inPooling = (await readObject(await folderAt(root.folder, pooling.path), ["config.json"], signal)) ?? {};
  const settings = (await readObject(files, transformerSettings, signal)) ?? {};
  const tokenizer = await readObject(files, ["tokenizer_config.json"], signal);
  const whole = (await readObject(root.folder, ["config_sentence_transformers.json"], signal)) ?? {};
  if (isObject(settings.query_expansion)) throw unsupported(origin, "it expands queries (query_expansion)");
  return {
    pooling: poolingOf(inPooling, origin),
    normalize: rest.some((module) => kindOf(module) === "Normalize"),
    includesPrompt: inPooling.include_prompt !== false,
    maxTokens: count(settings.max_seq_length) ?? count(tokenizer?.model_max_length),
    lowerCase: settings.do_lower_case === true,
    prompts: new Map(
      Object.entries({ query: "", document: "", ...(isObject(whole.prompts) ? whole.prompts : {}) }).flatMap(([name, text]) =>
        typeof text === "string" ? [[name, text] as const] : [],
      ),
    ),
    defaultPrompt: textOf(whole.default_prompt_name),
  };
}

interface Module {
  readonly path: string;
  readonly type: string;
}

function kindOf({ type }: Module): string {
  return type.slice(type.lastIndexOf(".") + 1).slice(0, 60);
}

interface FolderOfModules {
  readonly folder: FileSet;
  readonly modules: readonly Module[];
}

/** The folder with the modules.json that the transformer in `files` is the first module of. */
async function folderOfModules(files: FileSet, signal: AbortSignal | undefined): Promise<FolderOfModules | undefined> {
  const own = await readModules(files, signal);
  if (own !== undefined) return { folder: files, modules: own };
  // Only such folders as sentence-transformers makes have a parent that says something of them.
  const parent = /(?:^|[/\\])0_\w+[/\\]?$/.test(files.name) ? files.parent?.() : undefined;
  const modules = parent === undefined ? undefined : await readModules(parent, signal);
  const [first] = modules ?? [];
  if (parent === undefined || modules === undefined || first === undefined) return undefined;
  return (await folderAt(parent, first.path))?.name === files.name ? { folder: parent, modules } : undefined;
}

async function readModules(files: FileSet, signal: AbortSignal | undefined): Promise<readonly Module[] | undefined> {
  const found = await read(files, "modules.json", signal);
  if (found === undefined) return undefined;
  if (!Array.isArray(found.value)) throw malformed(found.name, "it holds no list of modules");
  return found.value.map((module: unknown) => {
    if (!isObject(module) || typeof module.path !== "string" || typeof module.type !== "string")
      throw malformed(found.name, "a module has no path or no type");
    return { path: module.path, type: module.type };
  });
}

/** A folder inside another one; "" is that itself. */
async function folderAt(files: FileSet, path: string): Promise<FileSet | undefined> {
  let folder: FileSet | undefined = files;
  for (const name of path.split("/").filter((segment) => segment !== "")) folder = await folder?.folder?.(name);
  return folder;
}

function poolingOf(config: JsonObject, origin: string): readonly PoolingMode[] {
  const said = config.pooling_mode;
  if (said === undefined || said === null) {
    const modes = modeOfKey.flatMap(([key, mode]) => (config[key] === true ? [mode] : []));
    return modes.length === 0 ? ["mean"] : modes;
  }
  const modes: readonly unknown[] = Array.isArray(said) ? said : [said];
  if (modes.length > 0 && modes.every((mode) => isPoolingMode(mode))) return modes;
  throw unsupported(origin, `it pools by ${shownValue(said)}`);
}

function count(value: unknown): number | undefined {
  // transformers writes 10^30 where there is no limit.
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

async function readObject(
  files: FileSet | undefined,
  fileNames: readonly string[],
  signal: AbortSignal | undefined,
): Promise<JsonObject | undefined> {
  for (const fileName of fileNames) {
    const found = files === undefined ? undefined : await read(files, fileName, signal);
    if (found === undefined) continue;
    if (isObject(found.value)) return found.value;
    throw malformed(found.name, "it holds no JSON object");
  }
  return undefined;
}

async function read(
  files: FileSet,
  fileName: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: unknown; readonly name: string } | undefined> {
  const source = await files.resolve(fileName, { signal });
  if (source === undefined) return undefined;
  try {
    return {
      value: await readJson(source, { code: "malformed", budget: memoryBudget(source.name, source.size), signal }),
      name: source.name,
    };
  } finally {
    await source.close();
  }
}

function malformed(name: string, problem: string): LongspanError {
  return new LongspanError(
    "malformed",
    `${name} is no description of sentence-transformers: ${problem}. Save the model again, or take the file away.`,
    {
      details: { file: name },
    },
  );
}

function unsupported(origin: string, problem: string): LongspanError {
  return new LongspanError(
    "unsupported",
    `${origin}: ${problem}, which is not computed here: the vectors would be others than sentence-transformers'. For vectors of the transformer alone, say how to pool (--pooling mean, option pooling).`,
    { details: { file: origin } },
  );
}
