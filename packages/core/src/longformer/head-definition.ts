import { checkName } from "../arguments/check-name.ts";
import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { Value } from "../graph/value.ts";
import type { LongformerConfig } from "./config.ts";
import { attendsLocally, checkGlobalAttentionPolicy, type GlobalAttentionPolicy } from "./global-attention-policy.ts";
import { headRecords, heads, isHead, type Head, type HeadRecord, type HeadSizes } from "./head.ts";
import type { ParameterDraft } from "./parameter-draft.ts";
import { shownValue } from "../text/shown-value.ts";

/** What a head of one's own computes with, beside the trunk's last hidden state. */
export interface HeadContext {
  /** The model's sizes. */
  readonly config: LongformerConfig;
  /** How many labels the model has; 0 for a head without. */
  readonly labels: number;
  /** float32 `[batch, hidden]`: the pooled first token. Only for heads whose `pooler` is `required`. */
  readonly pooled: Value | undefined;
}

/** A head of one's own: its parameters, its graph, and what is known of it otherwise. Made by `defineHead`. */
export interface HeadDefinition extends HeadRecord {
  /** Kebab case: `span-ner`. No other head's. */
  readonly name: string;
  /** The head's outputs by name, of the trunk's last hidden state, float32 `[batch, sequence, hidden]`. Its parameters are those listed. */
  graph(builder: GraphBuilder, hidden: Value, context: HeadContext): Readonly<Record<string, Value>>;
}

/** One of transformers' heads, by its name, or one of one's own. */
export type AnyHead = Head | HeadDefinition;

/** A `HeadDefinition` of which only what it brings is written. */
export interface HeadParts extends Pick<HeadDefinition, "name" | "graph"> {
  /** The head's parameters under canonical names (`spans.weight`), `[out, in]`, in the order files are written. */
  readonly parameters: (sizes: HeadSizes) => readonly ParameterDraft[];
  /** The class that config.json names. Default: of the name, `LongformerForSpanNer`. */
  readonly architecture?: string | undefined;
  /** How many labels it has where the configuration names none. Default: 0, a head without labels. */
  readonly labels?: number | undefined;
  /** The classifier's canonical name, whose rows are the labels of a file without a configuration of them. Default: none. */
  readonly lastLayer?: string | undefined;
  /** Default: `unused`. */
  readonly pooler?: HeadRecord["pooler"] | undefined;
  /** Which tokens are global when the caller does not say. Default: none. */
  readonly globalAttention?: HeadRecord["globalAttention"] | undefined;
}

const partNames: OptionNames<HeadParts> = {
  name: true,
  parameters: true,
  graph: true,
  architecture: true,
  labels: true,
  lastLayer: true,
  pooler: true,
  globalAttention: true,
};

const roles: readonly ParameterDraft["role"][] = ["linear", "bias", "normalization", "embedding"];

/**
 * A head of these parts. Nothing is registered: give it where a head is asked for, `converter.open(place, { head: spanNer })`. Layouts write and read its
 * parameters as they do those of the standard heads: linear weights `classifier.weight` is the example of, normalizations as `lm_head.layer_norm`.
 * @throws LongspanError `argument-invalid` for the name of another head, for parts that no head has, and for parameters that are none.
 */
export function defineHead(parts: HeadParts): HeadDefinition {
  checkOptions(parts, partNames, "defineHead");
  const {
    name,
    parameters,
    graph,
    labels = 0,
    lastLayer,
    pooler = "unused",
    globalAttention = () => ({ kind: "none" }),
  }: HeadParts = Object(parts);
  if (typeof name !== "string" || !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || isHead(name))
    throw new LongspanError(
      "argument-invalid",
      `A head of one's own has a name of its own in kebab case, such as "span-ner"; ${shownValue(name)} is none, or another head's.`,
    );
  for (const [part, value] of Object.entries({ parameters, graph, globalAttention }))
    if (typeof value !== "function")
      throw new LongspanError("argument-invalid", `The part ${part} of the head "${name}" is ${shownValue(value)}; it is a function.`);
  if (!Number.isSafeInteger(labels) || labels < 0)
    throw new LongspanError("argument-invalid", `The head "${name}" has ${shownValue(labels)} labels; it is an integer, 0 for none.`);
  checkName("pooler", pooler, ["required", "optional", "unused"], {}, ` of the head "${name}"`);
  const drafts = parameters({ hiddenSize: 1, vocabSize: 1, labels: 1, tieWordEmbeddings: true });
  checkDrafts(name, drafts);
  const className = name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
  return {
    name,
    architecture: parts.architecture ?? `LongformerFor${className}`,
    segment: drafts[0]?.name.split(".")[0],
    parameters,
    graph,
    lastLayer,
    computes: `what the head "${name}" does`,
    rows: undefined,
    defaultLabels: labels,
    pooler,
    choices: false,
    globalAttention,
  };
}

function checkDrafts(head: string, drafts: unknown): void {
  if (!Array.isArray(drafts))
    throw new LongspanError("argument-invalid", `The parameters of the head "${head}" are ${shownValue(drafts)}; they are a list.`);
  for (const draft of drafts) {
    const { name, shape, role }: ParameterDraft = Object(draft);
    const right = typeof name === "string" && Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size > 0);
    if (!right)
      throw new LongspanError(
        "argument-invalid",
        `The head "${head}" has a parameter ${shownValue(draft)}; it is such as { name: "spans.weight", shape: [labels, hiddenSize], role: "linear" }.`,
      );
    checkName("role", role, roles, {}, ` of a parameter ("${name}" of the head "${head}")`);
  }
}

/** What is known of a head. @throws LongspanError `argument-invalid` for what is none. */
export function headRecord(head: AnyHead): HeadRecord {
  if (typeof head === "object" && typeof Object(head).globalAttention === "function") return head;
  checkName("head", head, heads);
  return headRecords[head as Head];
}

/** A head's name. @throws LongspanError `argument-invalid` for what is none. */
export function headName(head: AnyHead): string {
  headRecord(head);
  return typeof head === "string" ? head : head.name;
}

/** How many labels a head tells apart: as the configuration says, else as `found` elsewhere, else as in transformers. 0 for a head without labels. */
export function countLabels(head: AnyHead, config: LongformerConfig, found?: number): number {
  const { defaultLabels } = headRecord(head);
  return defaultLabels === 0 ? 0 : (config.labels ?? found ?? defaultLabels);
}

/** The axes of a head's inputs. */
export function inputAxes(head: AnyHead): readonly string[] {
  return headRecord(head).choices ? ["batch", "choices", "sequence"] : ["batch", "sequence"];
}

/** What a head takes as global when the caller does not say; nothing where the configuration says so. @throws LongspanError `config-invalid`; `argument-invalid` for a policy that is none. */
export function globalAttentionPolicy(config: LongformerConfig, head: AnyHead): GlobalAttentionPolicy {
  const policy: GlobalAttentionPolicy = attendsLocally(config) ? { kind: "none" } : headRecord(head).globalAttention(config);
  checkGlobalAttentionPolicy(policy);
  return policy;
}
