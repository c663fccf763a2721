import { LongspanError, type FileSet } from "@longspan/core";
import { bertDescription } from "./bert-files.ts";
import { huggingFaceTokenizer } from "./hugging-face-tokenizer.ts";
import { isObject, type JsonObject } from "./json-object.ts";
import { robertaDescription } from "./roberta-files.ts";
import type { TextTokenizer } from "./text-tokenizer.ts";

/** RoBERTa's tokenizer.json has 3.6 MB, the largest multilingual ones some 40 MB: what is longer is not one. */
const mostBytes = 256 * 2 ** 20;

/**
 * The tokenizer that lies in a folder: `tokenizer.json`, else `vocab.json` and `merges.txt` (RoBERTa's byte-level BPE), else
 * `vocab.txt` (BERT's WordPiece), with `tokenizer_config.json` and `special_tokens_map.json` where they are.
 * @throws LongspanError `not-found`, `malformed`, `unsupported`, `limit-exceeded`, `aborted`, what reading throws.
 */
export async function loadTokenizer(files: FileSet, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<TextTokenizer> {
  const read = async (fileName: string): Promise<string | undefined> => readText(files, fileName, options.signal);
  const readObject = async (fileName: string): Promise<JsonObject | undefined> => {
    const text = await read(fileName);
    return text === undefined ? undefined : parseObject(text, `${fileName} in ${files.name}`);
  };
  const config = { ...(await readObject("special_tokens_map.json")), ...(await readObject("tokenizer_config.json")) };
  const description = await readObject("tokenizer.json");
  if (description !== undefined) return huggingFaceTokenizer({ tokenizer: description, config, name: `tokenizer.json in ${files.name}` });
  const vocabulary = await readObject("vocab.json");
  const merges = await read("merges.txt");
  if (vocabulary !== undefined && merges !== undefined) {
    const name = `vocab.json in ${files.name}`;
    return huggingFaceTokenizer({ tokenizer: robertaDescription({ vocabulary, merges, config, name }), config, name });
  }
  const words = vocabulary === undefined && merges === undefined ? await read("vocab.txt") : undefined;
  if (words !== undefined) {
    const name = `vocab.txt in ${files.name}`;
    return huggingFaceTokenizer({ tokenizer: bertDescription({ vocabulary: words, config, name }), config, name });
  }
  const missing =
    vocabulary === undefined
      ? merges === undefined
        ? ""
        : " (merges.txt is there, vocab.json is not)"
      : " (vocab.json is there, merges.txt is not)";
  throw new LongspanError(
    "not-found",
    `There is no tokenizer in ${files.name}: neither tokenizer.json, nor vocab.json with merges.txt, nor vocab.txt${missing}. Put the model's tokenizer files there, or say where they are (option tokenizer).`,
    { details: { folder: files.name } },
  );
}

async function readText(files: FileSet, fileName: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const source = await files.resolve(fileName);
  if (source === undefined) return undefined;
  try {
    if (source.size > mostBytes) {
      throw new LongspanError("limit-exceeded", `${source.name} has ${source.size} bytes; a tokenizer's file has at most ${mostBytes}.`, {
        details: { file: source.name, size: source.size },
      });
    }
    return new TextDecoder("utf-8").decode(await source.read(0, source.size, { signal }));
  } finally {
    await source.close();
  }
}

function parseObject(text: string, name: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LongspanError("malformed", `${name} is not JSON: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
      details: { file: name },
    });
  }
  if (isObject(value)) return value;
  throw new LongspanError("malformed", `${name} holds no JSON object.`, { details: { file: name } });
}
