import { Tokenizer } from "@huggingface/tokenizers";
import { LongspanError } from "@longspan/core";
import { textOf, typeOf, type JsonObject } from "./json-object.ts";

/**
 * The text of tokens: the library's decoders (@huggingface/tokenizers).
 * @throws LongspanError `unsupported` for a decoder that the library does not have.
 */
export function tokenDecoder(
  decoder: JsonObject | undefined,
  added: readonly { readonly content: string }[],
  name: string,
): (tokens: readonly string[]) => string {
  if (decoder !== undefined && typeOf(decoder) === "Metaspace") return metaspaceDecoder(decoder);
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, model: { type: "BPE", vocab: {}, merges: [] } };
  let library: Tokenizer;
  try {
    library = new Tokenizer({ ...parts, decoder: decoder ?? null, added_tokens: added.map(({ content }, id) => ({ id, content })) }, {});
  } catch (error) {
    throw new LongspanError(
      "unsupported",
      `${name} has a decoder that is not carried out (decoder): ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error, details: { tokenizer: name } },
    );
  }
  return (tokens) => (tokens.length === 0 ? "" : (library.decoder?.decode([...tokens]) ?? tokens.join(" ")));
}

/** The library's takes the sign before the first token for added whatever `prepend_scheme` says (tokenizers/pre_tokenizers/metaspace.rs). */
function metaspaceDecoder(config: JsonObject): (tokens: readonly string[]) => string {
  const sign = textOf(config.replacement) ?? "\u2581";
  const adds = config.prepend_scheme !== "never";
  return (tokens) => tokens.map((token, index) => token.replaceAll(sign, adds && index === 0 ? "" : " ")).join("");
}
