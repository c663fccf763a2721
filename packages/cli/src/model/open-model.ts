import {
  type AnyHead,
  type Checkpoint,
  type Converter,
  createConverter,
  heads,
  isHead,
  LongspanError,
  type OpenLimits,
} from "@longspan/core";
import { type Layout, parseLayoutFile } from "@longspan/core/adapter";
import type { HeadDefinition } from "@longspan/core/graph";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import { isModulePath, loadModule, type ModuleUse } from "../load-module.ts";
import { progressDisplay } from "../output/progress-display.ts";
import { networkOptions, type CommandContext } from "./network-options.ts";
import { loadAdapters } from "./load-adapters.ts";
import { modelInput, readJsonFile, readTextFile, type ModelInput } from "./model-input.ts";
import { isReadOnce } from "../read-once.ts";
import type { ModelOptions } from "./model-options.ts";
import { requireStrict } from "./require-strict.ts";

export interface OpenedModel {
  readonly input: ModelInput;
  readonly checkpoint: Checkpoint;
}

export async function createCommandConverter(options: ModelOptions): Promise<Converter> {
  return createConverter({ adapters: await loadAdapters(options.adapter, options.verifyChecksums) });
}

export interface OpeningContext extends CommandContext {
  /** Of a model on the hub, only what is looked at is read, and nothing is kept. Default: what is read is downloaded. */
  readonly remote?: boolean;
}

export async function openModel(
  converter: Converter,
  model: string,
  options: ModelOptions,
  layout: string | undefined,
  context: OpeningContext,
): Promise<OpenedModel> {
  const { terminal, signal, remote } = context;
  const { prefix, window, extend, adapterName, limit: limits } = options;
  const small = { terminal, signal, limits };
  const head = await headOption(options.head);
  const config = options.config === undefined ? options.configuration : await readJsonFile(options.config, small);
  const adapterConfig = options.adapterConfig === undefined ? undefined : await readJsonFile(options.adapterConfig, small);
  const read = await layoutOption(layout, small);
  // A model on the hub is downloaded when its header is read.
  const progress = await progressDisplay(terminal.error);
  const hub = { ...(await networkOptions(options, context)), remote };
  try {
    const input = await modelInput(model, hub);
    const base = options.base === undefined ? undefined : await modelInput(options.base, hub);
    const checkpoint = await converter.open(input, {
      config,
      head,
      prefix,
      window,
      extend,
      base,
      adapterConfig,
      adapterName,
      layout: read,
      limits,
      signal,
    });
    try {
      // A wrong option is said at once, also by what describes files with other problems.
      if (checkpoint.problem !== undefined && exitCodeOf(checkpoint.problem) === exitCodes.usage) throw checkpoint.problem;
      // What makes the weights impossible to have says so itself, when they are asked for.
      if (checkpoint.problem === undefined)
        requireStrict(options.strict, checkpoint.name, checkpoint.warnings, unexpectedNames(checkpoint));
    } catch (error) {
      await checkpoint.close();
      throw error;
    }
    return { input, checkpoint };
  } finally {
    progress.stop();
  }
}

function unexpectedNames({ tensors }: Checkpoint): readonly string[] {
  return tensors.filter(({ role }) => role === "unexpected").map(({ sourceName }) => sourceName);
}

/**
 * A head by its name, or of a user's module whose default export is one.
 * @throws LongspanError `argument-invalid`, also for a name that is none.
 */
async function headOption(text: string | undefined): Promise<AnyHead | undefined> {
  if (text === undefined || isHead(text)) return text;
  if (isModulePath(text) || text.includes("/")) return loadModule(text, headUse);
  throw new LongspanError(
    "argument-invalid",
    `There is no head "${text}". There are: ${heads.join(", ")}; or give a module of your own, such as ./${text}.ts.`,
    { details: { head: text } },
  );
}

const headUse: ModuleUse<HeadDefinition> = {
  option: "--head",
  code: "argument-invalid",
  expected: "head (what defineHead gives: name, parameters, graph)",
  is(value): value is HeadDefinition {
    if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") return false;
    return ["parameters", "graph"].every((key) => typeof Reflect.get(value, key) === "function") && "architecture" in value;
  },
};

/** A layout's name, or a layout file: a path that ends in .json, or a pipe. */
export async function layoutOption(
  text: string | undefined,
  context: CommandContext & { readonly limits?: OpenLimits | undefined },
): Promise<Layout | string | undefined> {
  if (text === undefined || !(text.endsWith(".json") || (text.includes("/") && (await isReadOnce(text))))) return text;
  return parseLayoutFile(await readTextFile(text, context), text, context.limits);
}
