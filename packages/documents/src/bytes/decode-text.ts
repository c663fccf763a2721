import { LongspanError } from "@longspan/core";
import { isUtf8, markedEncoding, wideEncoding } from "../kind/utf.ts";

export interface DecodeOptions {
  /** For messages. */
  readonly name: string;
  /** What the user says it is. */
  readonly encoding?: string | undefined;
  /** What the file or its server says of itself, where the user says nothing. */
  readonly declared?: string | undefined;
}

/**
 * Bytes as text: in the encoding that is said, else as the byte order mark says, else in UTF-16 where every other byte is zero now and then, else in the encoding
 * that the file declares, else in UTF-8. A declaration of an encoding of one byte a character is a slip where all is right UTF-8 with more than ASCII in it. Line ends become `\n`; a byte order mark is no part of the text.
 * @throws LongspanError `argument-invalid` for an encoding that is none; `inputs-invalid` for bytes that are no text in it.
 */
export function decodeText(bytes: Uint8Array, { name, encoding, declared }: DecodeOptions): string {
  const chosen = encoding ?? markedEncoding(bytes) ?? wideEncoding(bytes) ?? declaredEncoding(declared, bytes) ?? "utf-8";
  const decoder = decoderOf(chosen, name);
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (error) {
    // What only looked like UTF-16 is most likely no text at all.
    const looked = encoding === undefined && markedEncoding(bytes) === undefined && decoder.encoding.startsWith("utf-16");
    throw notText(name, looked ? "utf-8" : decoder.encoding, encoding === undefined, error);
  }
  if (text.includes("\0")) throw notText(name, decoder.encoding, false);
  return text.replaceAll(/\r\n?/g, "\n");
}

/** Python's spelling is no label of the Encoding Standard. */
function usualLabel(label: string): string {
  return /^\s*latin[-_ ]?1\s*$/i.test(label) ? "latin1" : label;
}

function declaredEncoding(label: string | undefined, bytes: Uint8Array): string | undefined {
  const encoding = known(label);
  if (encoding === undefined || !/^(?:windows-|iso-8859-|koi8-|macintosh|ibm866|x-mac-)/.test(encoding)) return encoding;
  return bytes.some((byte) => byte > 127) && isUtf8(bytes) ? "utf-8" : encoding;
}

function known(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(usualLabel(label)).encoding;
  } catch {
    return undefined;
  }
}

function decoderOf(label: string, name: string): TextDecoder {
  try {
    return new TextDecoder(usualLabel(label), { fatal: true });
  } catch (error) {
    throw new LongspanError(
      "argument-invalid",
      `There is no encoding ${JSON.stringify(label)} (option encoding, of ${name}). Say utf-8, utf-16le, utf-16be, latin1, or another one of the Encoding Standard.`,
      { cause: error, details: { encoding: label } },
    );
  }
}

function notText(name: string, encoding: string, isGuessed: boolean, cause?: unknown): LongspanError {
  const wayOut = isGuessed
    ? "Say which encoding it has (option encoding), such as latin1, or give a PDF, a .docx, HTML, Markdown or text"
    : "Say another encoding (option encoding), or give a PDF, a .docx, HTML, Markdown or text";
  return new LongspanError("inputs-invalid", `${name} is not text in ${encoding.toUpperCase()}. ${wayOut}.`, {
    cause,
    details: { name, encoding },
  });
}
