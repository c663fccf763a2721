import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import { asLatin1 } from "../../kind/as-latin1.ts";
import { isName, isReference, pdfObjects, type PdfDictionary, type PdfObjects, type PdfStream, type PdfValue } from "./pdf-objects.ts";
import { pdfDecryption } from "./encryption.ts";
import type { StreamDecryption } from "./stream-decryption.ts";
import { inflated, ofBase85, ofCodes, ofHexadecimal, type Pieces, unrolled } from "./stream-decoders.ts";

/** One stream that is no picture: ten times the page with the most drawing on it that we met, and a font of all of Chinese. */
const maxStreamBytes = 2 ** 25;

/** All streams: page descriptions and fonts shrink to a tenth, seldom to a fortieth. */
const maxRatio = 40;
const freeBytes = 2 ** 25;

/** A row of a picture, by which numbers are told as differences from those above: a metre at 1,200 dots an inch, with four colours, has 200 kB. */
const maxRowBytes = 2 ** 22;

/** Streams of damaged files can lie in one another: how often the whole file may be read for that. */
const maxReadings = 6;

/** Handed to a decoder at once. */
const pieceBytes = 2 ** 16;

/**
 * Unpacks what a PDF holds in packed streams, whichever way and however often they are packed, and lets it go again: pdf.js keeps a stream whole, however much it
 * comes to.
 * @throws LongspanError `limit-exceeded` for a file that comes to more than a document does; `unsupported` for one that does not say plainly how it is packed, or that asks
 * for a password;
 * `malformed`; `aborted`.
 */
export async function checkStreamSizes(bytes: Uint8Array<ArrayBuffer>, name: string, signal: AbortSignal | undefined): Promise<void> {
  const text = asLatin1(bytes);
  const context: Context = {
    bytes,
    text,
    name,
    signal,
    objects: pdfObjects(text),
    left: freeBytes + maxRatio * bytes.length,
    unread: maxReadings * bytes.length + freeBytes,
  };
  try {
    const decrypt = await pdfDecryption(context.objects, name);
    for (const stream of context.objects.streams()) {
      const filters = filtersOf(stream.dictionary, context);
      if (filters.length === 0) continue;
      await checkStream(stream, filters, context);
      // Which of an encrypted file's streams are not is for its reader to know: what each comes to is bounded both ways.
      if (decrypt !== undefined) await checkStream(stream, filters, context, decrypt);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LongspanError("malformed", `${name} is a damaged PDF (${error.message}). Get it again, or print it anew to a PDF.`, {
      cause: error,
      details: { name },
    });
  }
}

interface Context {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes, one character each. */
  readonly text: string;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly objects: PdfObjects;
  /** Bytes that the rest of the file may come to. */
  left: number;
  /** Bytes that may still be read. */
  unread: number;
}

/** A way of packing, with what it is told. */
interface Filter {
  readonly decode: (source: Pieces) => Pieces;
  /** Bytes of a row, where rows are told as differences. */
  readonly rowBytes: number;
}

/** By their names and the short ones, which pdf.js takes anywhere. Pictures' own (DCT, JPX, JBIG2, CCITT) are not unpacked for a text. */
const decoders: ReadonlyMap<string, (source: Pieces, settings: PdfDictionary) => Pieces> = /*#__PURE__*/ new Map([
  ["FlateDecode", inflated],
  ["Fl", inflated],
  ["LZWDecode", ofCodesWith],
  ["LZW", ofCodesWith],
  ["RunLengthDecode", unrolled],
  ["RL", unrolled],
  ["ASCII85Decode", ofBase85],
  ["A85", ofBase85],
  ["ASCIIHexDecode", ofHexadecimal],
  ["AHx", ofHexadecimal],
]);

function ofCodesWith(source: Pieces, settings: PdfDictionary): Pieces {
  const early = settings.get("EarlyChange");
  return ofCodes(source, typeof early === "number" ? early : 1);
}

/** What a stream's bytes go through one after the other, up to what is not unpacked. */
function filtersOf(dictionary: PdfDictionary, context: Context): readonly Filter[] {
  // pdf.js looks for the short keys first; F is the name of a file, too.
  const short = plain(dictionary.get("F"), context);
  const said = isName(short) || Array.isArray(short) ? short : plain(dictionary.get("Filter"), context);
  const settings = plain(dictionary.get("DP") ?? dictionary.get("DecodeParms"), context);
  const filters: Filter[] = [];
  for (const [index, item] of asList(said).entries()) {
    const filter = plain(item, context);
    if (!isName(filter)) continue;
    if (filter.name === "BrotliDecode") throw hidden(context.name);
    const decoder = decoders.get(filter.name);
    if (decoder === undefined) break;
    const own = plain(asList(settings)[index], context);
    const given: PdfDictionary = own instanceof Map ? own : new Map<string, PdfValue>();
    filters.push({ decode: (source) => decoder(source, given), rowBytes: rowBytesOf(given) });
  }
  return filters;
}

/** A value itself, where a reference says where it stands. */
function plain(value: PdfValue, { objects, name }: Context): PdfValue {
  if (!isReference(value)) return value;
  const meanings = objects.meanings(value);
  const [meaning] = meanings;
  if (meanings.length === 1 && !isReference(meaning)) return meaning;
  throw hidden(name);
}

function asList(value: PdfValue): readonly PdfValue[] {
  return Array.isArray(value) ? value : [value];
}

function rowBytesOf(settings: PdfDictionary): number {
  const numberOf = (key: string, otherwise: number): number => {
    const value = settings.get(key);
    return typeof value === "number" ? value : otherwise;
  };
  if (numberOf("Predictor", 1) <= 1) return 0;
  return (numberOf("Columns", 1) * numberOf("Colors", 1) * numberOf("BPC", numberOf("BitsPerComponent", 8))) / 8;
}

async function checkStream(stream: PdfStream, filters: readonly Filter[], context: Context, decrypt?: StreamDecryption): Promise<void> {
  const subtype = stream.dictionary.get("Subtype");
  const most = isName(subtype) && subtype.name === "Image" ? context.left : Math.min(context.left, maxStreamBytes);
  if (filters.some(({ rowBytes }) => rowBytes > maxRowBytes)) throw tooMuch(context.name, maxRowBytes);
  let largest = 0;
  let unpacked = decrypt === undefined ? packed(stream, context) : decrypt(stream, packed(stream, context));
  for (const { decode } of filters) unpacked = counted(decode(unpacked));
  for await (const _ of unpacked);
  context.left -= largest;

  async function* counted(pieces: Pieces): Pieces {
    let length = 0;
    for await (const piece of pieces) {
      length += piece.length;
      if (length > most) throw tooMuch(context.name, most);
      largest = Math.max(largest, length);
      yield piece;
    }
  }
}

async function* packed(stream: PdfStream, context: Context): Pieces {
  const end = endOf(stream, context);
  for (let start = stream.start; start < end; start += pieceBytes) {
    throwIfAborted(context.signal);
    const piece = context.bytes.subarray(start, Math.min(end, start + pieceBytes));
    context.unread -= piece.length;
    if (context.unread < 0) throw new RangeError("its streams lie in one another");
    yield piece;
  }
}

const endMark = /[\0\t\n\f\r ]*endstream/y;

/** The furthest of the places where readers may take a stream to end: where it says itself, if its end mark is there, and before the next mark. */
function endOf({ dictionary, start }: PdfStream, { text, objects }: Context): number {
  const said = dictionary.get("Length");
  const ends = (isReference(said) ? objects.meanings(said) : [said]).flatMap((length) => {
    if (typeof length !== "number") return [];
    endMark.lastIndex = start + length;
    return endMark.test(text) ? [start + length] : [];
  });
  const mark = text.indexOf("endstream", start);
  // The line end before it is none of the stream's.
  return Math.max(mark === -1 ? text.length : mark - (text.startsWith("\r\n", mark - 2) ? 2 : 1), ...ends);
}

function tooMuch(name: string, most: number): LongspanError {
  return new LongspanError(
    "limit-exceeded",
    `${name} unpacks to more than a document does: a part of it to more than ${most} bytes. Print it anew to a PDF, and give that.`,
    { details: { name, limit: most } },
  );
}

function hidden(name: string): LongspanError {
  return new LongspanError(
    "unsupported",
    `${name} does not say plainly how its parts are packed, so that what they come to cannot be known before. Print it anew to a PDF, and give that.`,
    { details: { name } },
  );
}
