import { type FileSet, LongspanError } from "@longspan/core";
import type { NamedObject } from "./configured-tokens.ts";
import { isObject } from "./json-object.ts";

/** RoBERTa's tokenizer.json has 3.6 MB, the largest multilingual ones some 40 MB: what is longer is not one. */
const maxBytes = 256 * 2 ** 20;

/** A tokenizer.json has some ten levels. */
const maxDepth = 64;

/** Reads files that lie beside each other; a file that is not there is undefined. */
export interface TokenizerFileReader {
  /** For messages: a file and where it lies. */
  nameOf(fileName: string): string;
  /** @throws LongspanError `limit-exceeded`, what reading throws. */
  bytes(fileName: string): Promise<Uint8Array | undefined>;
  /** @throws LongspanError `malformed` for what is not UTF-8. */
  text(fileName: string): Promise<string | undefined>;
  /** @throws LongspanError `malformed` for what is no JSON object, `limit-exceeded` for one too deep. */
  object(fileName: string): Promise<NamedObject | undefined>;
}

export function tokenizerFileReader(files: FileSet, signal: AbortSignal | undefined): TokenizerFileReader {
  const nameOf = (fileName: string): string => `${fileName} in ${files.name}`;
  const bytes = async (fileName: string): Promise<Uint8Array | undefined> => {
    const source = await files.resolve(fileName, { signal });
    if (source === undefined) return undefined;
    try {
      if (source.size > maxBytes) {
        throw new LongspanError("limit-exceeded", `${source.name} has ${source.size} bytes; a tokenizer's file has at most ${maxBytes}.`, {
          details: { file: source.name, size: source.size },
        });
      }
      return await source.read(0, source.size, { signal });
    } finally {
      await source.close();
    }
  };
  const text = async (fileName: string): Promise<string | undefined> => {
    const read = await bytes(fileName);
    if (read === undefined) return undefined;
    try {
      // A byte order mark is kept: it is part of the first token, as it is for the library.
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(read);
    } catch (error) {
      throw new LongspanError("malformed", `${nameOf(fileName)} is not UTF-8.`, { cause: error, details: { file: nameOf(fileName) } });
    }
  };
  return {
    nameOf,
    bytes,
    text,
    object: async (fileName) => {
      const read = await text(fileName);
      return read === undefined ? undefined : { name: nameOf(fileName), value: parseObject(read, nameOf(fileName)) };
    },
  };
}

function parseObject(text: string, name: string): NamedObject["value"] {
  checkDepth(text, name);
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

/** Looked at before it is parsed: millions of nested lists take hundreds of bytes for each byte of the file. */
function checkDepth(text: string, name: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) at = endOfString(text, at);
    else if (unit === openBracket || unit === openBrace) depth++;
    else if (unit === closeBracket || unit === closeBrace) depth--;
    if (depth > maxDepth) {
      throw new LongspanError("limit-exceeded", `${name} is nested deeper than ${maxDepth} levels; a tokenizer's file is not.`, {
        details: { file: name, maxDepth },
      });
    }
  }
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** Where the string that begins at a quotation mark ends. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
