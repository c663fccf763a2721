// Tokenizers of odd files: the code of the error that each must end in, and what its message names. Read by tests of the tokenizer and, among all that
// strangers' files can be, by the corpus (fixtures/hostile).
import type { ErrorCode } from "@longspan/core";

interface HostileTokenizer {
  readonly name: string;
  /** By their names. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly code: ErrorCode;
  /** What the message names. */
  readonly says: readonly string[];
}

/** Of a tokenizer.json of byte-level BPE: what of it is changed. */
export interface BaseTokenizer {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly (string | readonly string[])[] };
}

/** What is made around one whole tokenizer: texts and what becomes JSON, by the files' names. */
export interface TokenizersAround {
  /** With parts of tokenizer.json replaced. */
  readonly whole: (changes: object) => Record<string, unknown>;
  /** With parts of its model replaced. */
  readonly model: (changes: object) => Record<string, unknown>;
  /** With a tokenizer_config.json, and more files, beside it. */
  readonly settings: (config: unknown, more?: object) => Record<string, unknown>;
  readonly hostile: readonly HostileTokenizer[];
}

export function tokenizersAround(base: BaseTokenizer): TokenizersAround {
  const baseModel = base.model;
  const vocabulary = baseModel.vocab;
  const merges = baseModel.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" "))).join("\n");

  const whole = (changes: object): Record<string, unknown> => ({ "tokenizer.json": { ...base, ...changes } });
  const model = (changes: object): Record<string, unknown> => whole({ model: { ...baseModel, ...changes } });
  const settings = (config: unknown, more: object = {}): Record<string, unknown> => ({
    "tokenizer.json": base,
    "tokenizer_config.json": config,
    ...more,
  });
  const added = (entry: object): Record<string, unknown> => whole({ added_tokens: [{ id: 420, content: "<x>", special: true, ...entry }] });
  const unigram = (changes: object): Record<string, unknown> =>
    whole({ model: { type: "Unigram", unk_id: 0, vocab: [["<unk>", 0]], ...changes }, added_tokens: [], post_processor: null });

  const [inTokenizer, inConfig] = ["tokenizer.json in f", "tokenizer_config.json in f"];

  const table: readonly (readonly [name: string, files: Record<string, unknown>, code: ErrorCode, ...says: string[]])[] = [
    ["an id of 1.5", model({ vocab: { a: 1.5 } }), "malformed", inTokenizer, "model.vocab", '"a"', "1.5"],
    ["an id of text", model({ vocab: { a: "3" } }), "malformed", inTokenizer, "model.vocab", '"3"'],
    ["a negative id", model({ vocab: { a: -1 } }), "malformed", inTokenizer, "model.vocab", "-1"],
    [
      "an id beyond all",
      { "tokenizer.json": '{"model":{"type":"BPE","merges":[],"vocab":{"a":1e300}}}' },
      "malformed",
      inTokenizer,
      "1e+300",
    ],
    ["an id twice", model({ vocab: { a: 0, b: 0 } }), "malformed", inTokenizer, "model.vocab", "several"],
    ["an id twice in vocab.json", { "vocab.json": { a: 0, b: 0 }, "merges.txt": "" }, "malformed", "vocab.json in f", "several"],
    ["no merges", model({ merges: null }), "malformed", inTokenizer, "model.merges", "null"],
    ["merges of threes", model({ merges: ["a b c"] }), "malformed", inTokenizer, "model.merges[0]"],
    ["merges of numbers", model({ merges: [[1, 2]] }), "malformed", inTokenizer, "model.merges[0]"],
    ["merges of what the vocabulary lacks", model({ merges: ["q zzz"] }), "malformed", inTokenizer, "model.merges[0]", "zzz"],
    ["no vocabulary", model({ vocab: null }), "malformed", inTokenizer, "model.vocab", "null"],
    ["a list for a vocabulary", model({ vocab: [] }), "malformed", inTokenizer, "model.vocab"],
    ["no model", whole({ model: null }), "malformed", inTokenizer, "model"],
    ["a text for a model", whole({ model: "BPE" }), "malformed", inTokenizer, "model"],
    ["an unknown model", model({ type: "Word\u001bLevel" }), "unsupported", inTokenizer, "model.type"],
    ["dropout", model({ dropout: 0.1 }), "unsupported", inTokenizer, "model.dropout"],
    ["joined unknown tokens of BPE", model({ unk_token: "<unk>", fuse_unk: true }), "unsupported", inTokenizer, "model.fuse_unk"],
    ["byte fallback of BPE", model({ byte_fallback: true }), "unsupported", inTokenizer, "model.byte_fallback"],
    ["an object of added tokens", whole({ added_tokens: {} }), "malformed", inTokenizer, "added_tokens"],
    ["an added token that is none", whole({ added_tokens: [7] }), "malformed", inTokenizer, "added_tokens[0]", "7"],
    ["an added token without content", added({ content: null }), "malformed", inTokenizer, "added_tokens[0]", "content"],
    ["an added token's id of text", added({ id: "420" }), "malformed", inTokenizer, "added_tokens[0]", "id"],
    ["an added token's flag of text", added({ lstrip: "true" }), "malformed", inTokenizer, "lstrip"],
    ["an added token's id behind a gap", added({ id: 500 }), "malformed", inTokenizer, '"<x>"', "500"],
    ["a list for a normalizer", whole({ normalizer: [] }), "malformed", inTokenizer, "normalizer"],
    ["a regular expression", whole({ normalizer: { type: "Replace", pattern: { Regex: "(?i)a" }, content: "" } }), "unsupported", "(?i)a"],
    [
      "rules that are none",
      whole({ normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } }),
      "malformed",
      "precompiled_charsmap",
    ],
    [
      "rules that are no base64",
      whole({ normalizer: { type: "Precompiled", precompiled_charsmap: "?" } }),
      "malformed",
      "precompiled_charsmap",
    ],
    ["an unknown post-processor", whole({ post_processor: { type: "Magic" } }), "unsupported", inTokenizer, "post_processor", "Magic"],
    [
      "a post-processor with other ids",
      whole({ post_processor: { type: "RobertaProcessing", cls: ["<s>", 7], sep: ["</s>", 2] } }),
      "malformed",
      "post_processor.cls",
      "7",
    ],
    [
      "a template of two tokens",
      whole({
        post_processor: {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "<s>" } }, { SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }],
        },
      }),
      "unsupported",
      "post_processor.single",
    ],
    ["another version", whole({ version: "2.0" }), "unsupported", inTokenizer, "version", "2.0"],
    ["a number of pieces", unigram({ vocab: 5 }), "malformed", inTokenizer, "model.vocab"],
    ["a piece without a score", unigram({ vocab: [["a"]] }), "malformed", inTokenizer, "model.vocab[0]"],
    ["an unknown piece beyond all", unigram({ unk_id: 9 }), "malformed", inTokenizer, "model.unk_id"],
    ["a number for a role", settings({ mask_token: 5 }), "malformed", inConfig, "mask_token", "5"],
    ["an object for a role", settings({ mask_token: { content: "<mask>" } }), "malformed", inConfig, "mask_token", "AddedToken"],
    ["no added_tokens_decoder", settings({ added_tokens_decoder: null }), "malformed", inConfig, "added_tokens_decoder"],
    ["a key that is no id", settings({ added_tokens_decoder: { "1.5": { content: "x" } } }), "malformed", inConfig, "added_tokens_decoder"],
    ["a text for extra tokens", settings({ extra_special_tokens: "x" }), "malformed", inConfig, "extra_special_tokens"],
    ["an unknown class", settings({ tokenizer_class: "T5Tokenizer" }), "unsupported", inConfig, "tokenizer_class", "T5Tokenizer"],
    ["a number for a class", settings({ tokenizer_class: 5 }), "unsupported", inConfig, "tokenizer_class"],
    ["a length of text", settings({ model_max_length: "512" }), "malformed", inConfig, "model_max_length"],
    ["a length below nothing", settings({ model_max_length: -1 }), "malformed", inConfig, "model_max_length"],
    ["files for versions", settings({ fast_tokenizer_files: ["tokenizer.4.0.json"] }), "unsupported", inConfig, "fast_tokenizer_files"],
    [
      "a switch of text",
      settings({ tokenizer_class: "RobertaTokenizer", add_prefix_space: "yes" }),
      "malformed",
      inConfig,
      "add_prefix_space",
    ],
    ["no separator", settings({ tokenizer_class: "RobertaTokenizer", sep_token: null }), "malformed", inConfig, "sep_token"],
    [
      "an id of 1.5 in added_tokens.json",
      { "vocab.json": vocabulary, "merges.txt": merges, "added_tokens.json": { x: 1.5 } },
      "malformed",
      "added_tokens.json in f",
      '"x"',
    ],
    ["a list in special_tokens_map.json", settings({}, { "special_tokens_map.json": [] }), "malformed", "special_tokens_map.json in f"],
    [
      "an object without a type among the additional tokens of special_tokens_map.json",
      settings({ tokenizer_class: "RobertaTokenizer" }, { "special_tokens_map.json": { additional_special_tokens: [{ content: "<x>" }] } }),
      "malformed",
      "special_tokens_map.json in f",
      "additional_special_tokens",
    ],
    ["a text that is no sentencepiece model", { "sentencepiece.bpe.model": "hello" }, "malformed", "sentencepiece.bpe.model in f"],
    ["a sentencepiece model of another kind", { "spiece.model": "\n\u0009\n\u0007[CLS]ab" }, "unsupported", "spiece.model in f", "[CLS]ab"],
    ["lists in lists", { "tokenizer.json": "[".repeat(100_000) }, "limit-exceeded", inTokenizer, "64 levels"],
    ["a million lines", { "vocab.txt": "\n".repeat(1_000_000) }, "limit-exceeded", "vocab.txt in f", "lines"],
    ["empty pieces", { "sentencepiece.bpe.model": "\n\0".repeat(1_000_000) }, "limit-exceeded", "sentencepiece.bpe.model in f", "pieces"],
    [
      "a class without its files",
      { "tokenizer_config.json": { tokenizer_class: "BertTokenizer" }, "vocab.json": vocabulary, "merges.txt": merges },
      "not-found",
      "vocab.txt",
    ],
  ];

  const hostile = table.map(([name, files, code, ...says]) => ({ name, files: tokenizerFiles(files), code, says }));
  return { whole, model, settings, hostile };
}

function file(content: unknown): Uint8Array {
  return new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
}

/** Files of a tokenizer, of texts and of what becomes JSON. */
export function tokenizerFiles(contents: Readonly<Record<string, unknown>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, file(content)]));
}
