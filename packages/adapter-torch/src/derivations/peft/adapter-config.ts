import { type Head, isHead, LongspanError } from "@longspan/core";

/** What of an adapter_config.json decides how it is merged (peft/tuners/lora/config.py). */
export interface AdapterConfig {
  readonly kind: "LORA" | "IA3";
  readonly rank: number;
  readonly alpha: number;
  /** Scaling is alpha / √rank. */
  readonly rankStabilized: boolean;
  readonly rankPattern: ReadonlyMap<string, number>;
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** What PEFT calls transposed weights. It ignores it where the layer is an `nn.Linear`, as in every Longformer of transformers. */
  readonly fanInFanOut: boolean;
  /** The head it was trained with, as far as `task_type` says it. */
  readonly head: Head | undefined;
  /** Where it was trained from, for messages. */
  readonly baseName: string | undefined;
  /** An initialization that changes the base's weights too: with the published base, such an adapter is another model. */
  readonly changesBase: string | undefined;
}

const headOfTask: Readonly<Record<string, Head>> = {
  SEQ_CLS: "sequence-classification",
  TOKEN_CLS: "token-classification",
  QUESTION_ANS: "question-answering",
};

/** Settings under which a merge is another computation, or impossible. */
const otherComputations = [
  "use_qalora",
  "use_bdlora",
  "arrow_config",
  "alora_invocation_tokens",
  "monteclora_config",
  "kasa_config",
  "velora_config",
  "layer_replication",
  "target_parameters",
  "trainable_token_indices",
];

/** Initializations that take the adapter's share out of the base's weights (`pissa_init` and the like in peft/tuners/lora/layer.py). */
const changingInitialization = /^(?:pissa|corda|olora|loftq|lora_ga|mica)/i;

/**
 * @param origin for messages: the file's name
 * @throws LongspanError `config-invalid` for what is no adapter's configuration; `unsupported` naming a method or a setting that is not merged here.
 */
export function parseAdapterConfig(value: unknown, origin: string): AdapterConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(origin, "it is no JSON object");
  const settings = new Map<string, unknown>(Object.entries(value));
  const kind = settings.get("peft_type");
  if (kind !== "LORA" && kind !== "IA3") {
    if (typeof kind !== "string") throw invalid(origin, 'it has no "peft_type"');
    throw unsupported(origin, `its method is ${JSON.stringify(kind.slice(0, 60))}; LORA and IA3 can be merged`);
  }
  const other = otherComputations.find((name) => isSet(settings.get(name)));
  if (other !== undefined) throw unsupported(origin, `it sets ${other}, with which the merged weights are made in another way`);
  const initialization = settings.get("init_lora_weights");
  return {
    kind,
    rank: kind === "LORA" ? positive(settings, "r", 8, origin) : 1,
    alpha: kind === "LORA" ? number(settings.get("lora_alpha") ?? 8, "lora_alpha", origin) : 1,
    rankStabilized: settings.get("use_rslora") === true,
    rankPattern: pattern(settings, "rank_pattern", origin),
    alphaPattern: pattern(settings, "alpha_pattern", origin),
    fanInFanOut: settings.get("fan_in_fan_out") === true,
    head: headOf(settings.get("task_type")),
    baseName: textOf(settings.get("base_model_name_or_path")),
    changesBase:
      typeof initialization === "string" && changingInitialization.test(initialization) ? initialization.slice(0, 40) : undefined,
  };
}

function headOf(task: unknown): Head | undefined {
  const head = typeof task === "string" && Object.hasOwn(headOfTask, task) ? headOfTask[task] : undefined;
  return head !== undefined && isHead(head) ? head : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : undefined;
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function number(value: unknown, name: string, origin: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalid(origin, `${name} is no number`);
}

function positive(settings: ReadonlyMap<string, unknown>, name: string, otherwise: number, origin: string): number {
  const value = number(settings.get(name) ?? otherwise, name, origin);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(origin, `${name} is ${value}, not an integer above 0`);
}

function pattern(settings: ReadonlyMap<string, unknown>, name: string, origin: string): ReadonlyMap<string, number> {
  const value = settings.get(name) ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw invalid(origin, `${name} is no object`);
  return new Map(Object.entries(value).map(([key, item]) => [key, number(item, `${name} of ${JSON.stringify(key.slice(0, 60))}`, origin)]));
}

function invalid(origin: string, problem: string): LongspanError {
  return new LongspanError(
    "config-invalid",
    `${origin} is no PEFT adapter's configuration: ${problem}. Give the adapter_config.json that was saved with these weights.`,
    { details: { file: origin } },
  );
}

function unsupported(origin: string, problem: string): LongspanError {
  return new LongspanError(
    "unsupported",
    `${origin}: ${problem}. Merge it with PEFT (merge_and_unload) and give the model that comes of it.`,
    {
      details: { file: origin },
    },
  );
}
