import { LongspanError } from "../errors/longspan-error.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { Value } from "../graph/value.ts";
import type { LongformerConfig } from "./config.ts";
import { attendsLocally, type GlobalAttentionPolicy } from "./global-attention-policy.ts";
import { headRecords, isHead, type Head, type HeadRecord, type HeadSizes } from "./head.ts";
import type { ParameterDraft } from "./parameter-draft.ts";

/** What a head of one's own computes with, beside the trunk's last hidden state. */
export interface HeadContext {
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

/**
 * A head of these parts. Nothing is registered: give it where a head is asked for, `converter.open(place, { head: spanNer })`. Layouts write and read its
 * parameters as they do those of the standard heads: linear weights `classifier.weight` is the example of, normalizations as `lm_head.layer_norm`.
 * @throws LongspanError `argument-invalid` for the name of another head.
 */
export function defineHead(parts: HeadParts): HeadDefinition {
  const { name, parameters, graph, labels = 0, lastLayer, pooler = "unused", globalAttention = () => ({ kind: "none" }) } = parts;
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || isHead(name))
    throw new LongspanError(
      "argument-invalid",
      `A head of one's own has a name of its own in kebab case, such as "span-ner"; ${JSON.stringify(name)} is none, or another head's.`,
    );
  const className = name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
  return {
    name,
    architecture: parts.architecture ?? `LongformerFor${className}`,
    segment: parameters({ hiddenSize: 1, vocabSize: 1, labels: 1, tieWordEmbeddings: true })[0]?.name.split(".")[0],
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

/** What is known of a head. */
export function headRecord(head: AnyHead): HeadRecord {
  return typeof head === "string" ? headRecords[head] : head;
}

/** A head's name. */
export function headName(head: AnyHead): string {
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

/** What a head takes as global when the caller does not say; nothing where the configuration says so. @throws LongspanError `config-invalid`. */
export function globalAttentionPolicy(config: LongformerConfig, head: AnyHead): GlobalAttentionPolicy {
  return attendsLocally(config) ? { kind: "none" } : headRecord(head).globalAttention(config);
}
