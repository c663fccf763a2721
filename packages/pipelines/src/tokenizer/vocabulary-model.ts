import { Tokenizer } from "@huggingface/tokenizers";
import { LongspanError } from "@longspan/core";
import { alignTokens, type TokenForms } from "./align-tokens.ts";
import { textOf, type JsonObject } from "./json-object.ts";
import { quoted } from "./quoted.ts";
import type { TokenModel } from "./token-model.ts";

/**
 * Byte-level BPE or WordPiece. Tokens are the library's (@huggingface/tokenizers), which of a word each stands for is found here.
 * @param ids the vocabulary; every id once.
 */
export function vocabularyModel(config: JsonObject, ids: Map<string, number>, name: string): TokenModel {
  const byWords = config.type === "WordPiece";
  // Without added tokens: the library would put them into the model's vocabulary, and find them inside of words.
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
  const { model: library } = new Tokenizer({ ...parts, model: { ...config, vocab: {} } }, {});
  // One vocabulary for both: copies of large ones take more memory than their files may.
  if (library !== null) library.tokens_to_ids = ids;
  const tokens: string[] = [];
  let maxId = -1;
  for (const [token, id] of ids) {
    tokens[id] = token;
    maxId = Math.max(maxId, id);
  }
  const forms: TokenForms = {
    continuingPrefix: byWords ? (textOf(config.continuing_subword_prefix) ?? "##") : "",
    unknown: textOf(config.unk_token),
    unknownIsWord: byWords,
  };
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id !== undefined) return id;
    throw new LongspanError(
      "malformed",
      `${name} gives the token ${quoted(token)}, which its vocabulary does not have (model.unk_token).`,
      {
        details: { tokenizer: name, token: quoted(token) },
      },
    );
  };
  return {
    size: ids.size,
    maxId,
    idOf: (token) => ids.get(token),
    tokenOf: (id) => tokens[id],
    tokensOf: (word) => {
      const found = library?._call([word]) ?? [];
      return alignTokens(word, found, forms).map(([from, to], index) => {
        const token = found[index] ?? "";
        return { id: idOf(token), token, from, to };
      });
    },
  };
}
