import { type FileSet, LongspanError } from "@longspan/core";
import { bertTokenizer, vocabularyLines } from "./bert-tokenizer.ts";
import { configuredTokens, invalid, type ConfiguredTokens, type NamedObject } from "./configured-tokens.ts";
import { describedTokenizer, type DescribedTokenizer } from "./hugging-face-tokenizer.ts";
import { isObject, type JsonObject } from "./json-object.ts";
import { quoted } from "./quoted.ts";
import { tokenizerFileReader, type TokenizerFileReader } from "./read-tokenizer-file.ts";
import { mergesOf, robertaTokenizer } from "./roberta-tokenizer.ts";
import { readSentencepieceModel } from "./sentencepiece-model.ts";
import type { TextTokenizer } from "./text-tokenizer.ts";
import { modelTypes, namedKind, type TokenizerKind } from "./tokenizer-class.ts";
import { addedTokensOf, modelTypeOf, partOf } from "./tokenizer-description.ts";
import type { MadeTokenizer, TokenizerParts } from "./tokenizer-parts.ts";
import { fairseqPieces, ownPieces, sentencepieceTokens, xlmRobertaTokenizer } from "./xlm-roberta-tokenizer.ts";

/** sentencepiece's own files, by the names that they have beside models. */
const sentencepieceFileNames = ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model"] as const;

/** transformers' VERY_LARGE_INTEGER, which stands for no limit, is 1e30. */
const noLimit = 2 ** 53;

/** How a tokenizer is loaded. */
export interface LoadTokenizerOptions {
  /** Ends the reading when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The tokenizer that lies in a folder, as transformers 5 loads it: of `tokenizer.json`, else of `vocab.json` and `merges.txt` (RoBERTa's byte-level
 * BPE), of `vocab.txt` (BERT's WordPiece), or of `sentencepiece.bpe.model` (XLM-R's Unigram); with what `tokenizer_config.json`,
 * `special_tokens_map.json` and `added_tokens.json` say.
 * @throws LongspanError `not-found`, `malformed`, `unsupported`, `limit-exceeded`, `aborted`, what reading throws.
 */
export async function loadTokenizer(files: FileSet, options: LoadTokenizerOptions = {}): Promise<TextTokenizer> {
  return describedTokenizer(await describeTokenizer(files, options));
}

/** The same as data: what `loadTokenizer` makes a tokenizer of. */
export async function describeTokenizer(files: FileSet, options: LoadTokenizerOptions): Promise<DescribedTokenizer> {
  const reader = tokenizerFileReader(files, options.signal);
  const configName = reader.nameOf("tokenizer_config.json");
  // Together: of a model on a server each is a request, which may find that there is no such file.
  const [config, tokenizerJson, specialTokensMap, addedTokens, modelConfig] = await Promise.all(
    (["tokenizer_config.json", "tokenizer.json", "special_tokens_map.json", "added_tokens.json", "config.json"] as const).map((fileName) =>
      reader.object(fileName),
    ),
  );
  if (config !== undefined) checkConfig(config);
  const tokens = configuredTokens({
    config,
    specialTokensMap,
    addedTokens,
    tokenizerTokens: tokenizerJson === undefined ? [] : addedTokensOf(tokenizerJson.value, tokenizerJson.name),
  });
  const parts: TokenizerParts = { config: config?.value ?? {}, tokens, configName };
  const maxTokens = maxTokensOf(parts);
  const named = namedKind(parts.config, modelConfig?.value ?? {}, configName);
  if (tokenizerJson !== undefined) {
    const { name, value } = tokenizerJson;
    const kind = kindOfDescription(value, named?.kind, name);
    if (kind === "asItStands") return { description: value, tokens, maxTokens, name };
    return completed(madeOf(value, kind, parts, name), parts, { maxTokens, name });
  }
  const made = await madeOfFiles(reader, named, parts, files.name);
  return completed(made, made.parts, { maxTokens, name: made.name });
}

/** The class's own special tokens where no file names others. */
function completed(
  made: MadeTokenizer,
  { tokens }: TokenizerParts,
  about: { readonly maxTokens: number | undefined; readonly name: string },
): DescribedTokenizer {
  const roles = new Map([...Object.entries(made.roles), ...tokens.roles]);
  return { description: made.description, tokens: { ...tokens, roles }, ...about };
}

/** A class that makes other tokens than tokenizer.json has is none of that file: it is taken as it stands. */
function kindOfDescription(description: JsonObject, kind: TokenizerKind | undefined, name: string): TokenizerKind {
  if (kind === undefined || kind === "asItStands") return "asItStands";
  return modelTypes[kind] === modelTypeOf(description, name) ? kind : "asItStands";
}

function madeOf(description: JsonObject, kind: Exclude<TokenizerKind, "asItStands">, parts: TokenizerParts, name: string): MadeTokenizer {
  const model = partOf(description, "model", name) ?? {};
  if (kind === "roberta") return robertaTokenizer(model.vocab, model.merges, parts);
  if (kind === "bert") return bertTokenizer(model.vocab, parts);
  return xlmRobertaTokenizer(model.vocab, description.normalizer, parts);
}

type MadeOfFiles = MadeTokenizer & { readonly name: string; readonly parts: TokenizerParts };

/** The tokenizer of a vocabulary's own files: those of the class that is named, else those that are there. */
async function madeOfFiles(
  reader: TokenizerFileReader,
  named: ReturnType<typeof namedKind>,
  parts: TokenizerParts,
  folder: string,
): Promise<MadeOfFiles> {
  const kind = named?.named === true && named.kind !== "asItStands" ? named.kind : undefined;
  const vocabulary = await reader.object("vocab.json");
  const merges = await reader.text("merges.txt");
  if (vocabulary !== undefined && merges !== undefined && (kind ?? "roberta") === "roberta") {
    const made = robertaTokenizer(vocabulary.value, mergesOf(merges, reader.nameOf("merges.txt")), parts);
    return { ...made, name: vocabulary.name, parts };
  }
  const half = vocabulary !== undefined || merges !== undefined;
  const lines = kind === "bert" || (kind === undefined && !half) ? await reader.text("vocab.txt") : undefined;
  if (lines !== undefined) {
    const name = reader.nameOf("vocab.txt");
    return { ...bertTokenizer(vocabularyLines(lines, name), parts), name, parts };
  }
  if (kind === "xlm-roberta" || (kind === undefined && !half)) {
    for (const fileName of sentencepieceFileNames) {
      const bytes = await reader.bytes(fileName);
      if (bytes !== undefined) return madeOfSentencepiece(bytes, reader.nameOf(fileName), parts);
    }
  }
  throw notFound({ vocabulary, merges, kind }, folder);
}

function madeOfSentencepiece(bytes: Uint8Array, name: string, parts: TokenizerParts): MadeOfFiles {
  const model = readSentencepieceModel(bytes, name);
  const other = model.pieces.find(({ piece }, index) => index < ownPieces.length && piece !== ownPieces[index]);
  if (model.algorithm !== "unigram" || other !== undefined) {
    const why = other === undefined ? `of the kind ${model.algorithm}` : `that begins with ${quoted(other.piece)}`;
    throw new LongspanError(
      "unsupported",
      `${name} is a sentencepiece model ${why}; XLM-R's are Unigram and begin with ${ownPieces.join(", ")}. Give a tokenizer.json, or a tokenizer of your own: see TextTokenizer.`,
      { details: { file: name, algorithm: model.algorithm } },
    );
  }
  const { tokens } = parts;
  const extraTokens = tokens.namesExtra ? tokens.extraTokens : sentencepieceTokens(model);
  const withOwn: ConfiguredTokens = { ...tokens, extraTokens };
  const normalizer = model.charsmap === undefined ? null : { type: "Precompiled", precompiled_charsmap: model.charsmap };
  const made = xlmRobertaTokenizer(fairseqPieces(model, parts), normalizer, parts);
  return { ...made, name, parts: { ...parts, tokens: withOwn } };
}

/** Keys of tokenizer_config.json that choose another tokenizer than the one that is made here. */
function checkConfig({ name, value }: NamedObject): void {
  if (value.fix_mistral_regex === true) throw invalid(`${name}: fix_mistral_regex`, true, "false: it is for other models");
  const versions: unknown = value.fast_tokenizer_files;
  const other: unknown = Array.isArray(versions) ? versions.find((file: unknown) => file !== "tokenizer.json") : versions;
  if (other === undefined || other === null) return;
  throw new LongspanError(
    "unsupported",
    `${name}: fast_tokenizer_files names ${quoted(other)}; only tokenizer.json is read. Rename the one for your version of transformers, and leave fast_tokenizer_files out.`,
    { details: { file: name } },
  );
}

/** `model_max_length`, which very large numbers say there is none of. @throws LongspanError `malformed`. */
function maxTokensOf({ config, configName }: TokenizerParts): number | undefined {
  const value = config.model_max_length ?? config.max_len;
  if (value === undefined || value === null || (typeof value === "number" && value >= noLimit)) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw invalid(`${configName}: model_max_length`, value, "a number of tokens");
}

function notFound(
  { vocabulary, merges, kind }: { vocabulary: unknown; merges: unknown; kind: TokenizerKind | undefined },
  folder: string,
): LongspanError {
  const needs = {
    roberta: "vocab.json with merges.txt",
    bert: "vocab.txt",
    "xlm-roberta": "sentencepiece.bpe.model",
    asItStands: "",
  };
  const wanted =
    kind === undefined
      ? "nor vocab.json with merges.txt, nor vocab.txt, nor sentencepiece.bpe.model"
      : `nor ${needs[kind]}, which tokenizer_class asks for`;
  const there = isObject(vocabulary) && merges === undefined ? " (vocab.json is there, merges.txt is not)" : "";
  const missing = vocabulary === undefined && merges !== undefined ? " (merges.txt is there, vocab.json is not)" : there;
  return new LongspanError(
    "not-found",
    `There is no tokenizer in ${folder}: neither tokenizer.json, ${wanted}${missing}. Put the model's tokenizer files there, or say where they are (option tokenizer).`,
    { details: { folder } },
  );
}
