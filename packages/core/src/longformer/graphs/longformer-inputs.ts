import type { Dimension } from "../../graph/dimension.ts";
import type { GraphBuilder } from "../../graph/graph-builder.ts";
import { joinAxes, scalar } from "../../graph/layers.ts";
import { add } from "../../graph/operations/add.ts";
import { multiply } from "../../graph/operations/multiply.ts";
import type { Value } from "../../graph/value.ts";
import type { LongformerConfig } from "../config.ts";

/** What the words come as: ids of the vocabulary, or input embeddings. */
export type WordInput = "input_ids" | "inputs_embeds";

/** Which inputs a graph takes. */
export interface LongformerInputOptions {
  /** Default: `input_ids`. */
  readonly words?: WordInput | undefined;
  /** Inputs are `[batch, choices, sequence]`, as Hugging Face's multiple choice takes them. Default: `[batch, sequence]`. */
  readonly choices?: boolean | undefined;
}

/** The trunk's inputs with one leading axis (`batch`, or `batch*choices`). */
export interface LongformerInputs {
  /** int32 `[batch, sequence]`, or float32 `[batch, sequence, hidden]` of input embeddings. */
  readonly words: Value;
  /** int32 `[batch, sequence]`: rows of the position table. */
  readonly positionIds: Value;
  /** int32 `[batch, sequence]`: rows of the table of token types. */
  readonly tokenTypeIds: Value;
  /** int32 `[batch, sequence]`: `attention_mask · (global_attention_mask + 1)`, so 0 masked, 1 local, 2 global. */
  readonly mask: Value;
}

/**
 * Declares the inputs of a Longformer under Hugging Face's names, all int32: `input_ids` (or float32 `inputs_embeds`), `attention_mask`,
 * `global_attention_mask`, `position_ids`, `token_type_ids`. `prepareInputs` fills them. A global flag on a masked token counts for
 * nothing, as in transformers (LongformerModel._merge_to_attention_mask).
 */
export function longformerInputs(builder: GraphBuilder, config: LongformerConfig, options: LongformerInputOptions = {}): LongformerInputs {
  const leading: readonly Dimension[] = options.choices === true ? ["batch", "choices"] : ["batch"];
  const flat = (value: Value): Value => (options.choices === true ? joinAxes(builder, value, 0) : value);
  const integers = (name: string, range?: { minimum: number; maximum: number; meaning: string }): Value =>
    flat(builder.input(name, "int32", [...leading, "sequence"], range));
  const words =
    options.words === "inputs_embeds"
      ? flat(builder.input("inputs_embeds", "float32", [...leading, "sequence", config.hiddenSize]))
      : integers("input_ids");
  const attentionMask = integers("attention_mask", { minimum: 0, maximum: 1, meaning: "0 for a token nothing attends to, else 1" });
  const globalMask = integers("global_attention_mask", {
    minimum: 0,
    maximum: 1,
    meaning: "1 for a token that attends to all tokens, else 0",
  });
  const positionIds = integers("position_ids");
  const tokenTypeIds = integers("token_type_ids");
  const mask = builder.apply(
    multiply,
    [attentionMask, builder.apply(add, [globalMask, scalar(builder, 1, "int32")])],
    {},
    "attention_mask_code",
  );
  return { words, positionIds, tokenTypeIds, mask };
}
