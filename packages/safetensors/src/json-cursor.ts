import { unescapeJson } from "./json-escapes.ts";
import { maxJsonDepth } from "./limits.ts";
import { SafetensorsError, type SafetensorsErrorCode, quoted } from "./safetensors-error.ts";

/*
 * A forward-only reader of JSON bytes that accepts exactly what serde_json accepts (the reference library's parser): RFC 8259, no byte order
 * mark, no lone surrogates, no number beyond the range of a double, at most `maxJsonDepth` containers inside each other. Nothing is built
 * but the strings and integers that are asked for, and nothing recurses.
 */

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** Strings of up to this many ASCII bytes are remembered: the field names and data types that come back with every tensor. */
const rememberedStringBytes = 16;
const rememberedStrings = 64;

export class JsonCursor {
  /** Index of the next unread byte. */
  position = 0;
  /** Where the key that was read last begins. */
  keyPosition = 0;
  readonly #bytes: Uint8Array;
  readonly #fileOffset: number;
  readonly #subject: string;
  readonly #code: SafetensorsErrorCode;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #recentStrings: (string | undefined)[] = Array.from({ length: rememberedStrings });
  #depth = 0;
  /** Whether the innermost container has just been opened. */
  #atStart = false;

  /** `subject` names the text in messages, `code` is what its errors carry, `fileOffset` where in the file the first byte lies. */
  constructor(bytes: Uint8Array, subject: string, code: SafetensorsErrorCode, fileOffset: number) {
    this.#bytes = bytes;
    this.#subject = subject;
    this.#code = code;
    this.#fileOffset = fileOffset;
  }

  /** An error of this text at byte `at`; `tensor` is the entry it concerns. */
  error(problem: string, tensor?: string, at: number = this.position, code: SafetensorsErrorCode = this.#code): SafetensorsError {
    const offset = this.#fileOffset + at;
    const where = tensor === undefined ? "" : ` at ${quoted(tensor)}`;
    return new SafetensorsError(code, `${this.#subject}${where} ${problem} (byte ${offset}).`, {
      offset,
      tensor,
    });
  }

  /** The next byte that is not white space, unread; undefined at the end. */
  peek(): number | undefined {
    const bytes = this.#bytes;
    let byte = bytes[this.position];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.position];
    return byte;
  }

  nextIs(character: "{" | "[" | '"'): boolean {
    return this.peek() === character.charCodeAt(0);
  }

  /** Nothing but white space may be left. */
  end(): void {
    if (this.peek() !== undefined) throw this.#unexpected("nothing after the closing brace but spaces");
  }

  /** Steps into an object: read its members with `nextKey` until that returns undefined. */
  enterObject(what: string, tensor?: string): void {
    this.#open(openBrace, what, tensor);
  }

  /** Steps into an array: call `nextElement` before each value until it returns false. */
  enterArray(what: string, tensor?: string): void {
    this.#open(openBracket, what, tensor);
  }

  /** The next key of the object, after which its value must be read; undefined at the object's end. Equal keys are the caller's to judge. */
  nextKey(): string | undefined {
    if (!this.#next(closeBrace)) return undefined;
    if (this.peek() !== quote) throw this.#unexpected("a key in double quotes");
    this.keyPosition = this.position;
    const key = this.string("a key");
    if (this.peek() !== colon) throw this.#unexpected(`":" after the key ${quoted(key)}`);
    this.position++;
    return key;
  }

  nextElement(): boolean {
    return this.#next(closeBracket);
  }

  /** `what` and `tensor` are for messages, here and below. */
  string(what: string, tensor?: string): string {
    if (this.peek() !== quote) throw this.#unexpected(what, tensor);
    const bytes = this.#bytes;
    const start = this.position + 1;
    let end = start;
    let seen = 0;
    let escapes = false;
    for (;;) {
      const byte = bytes[end];
      if (byte === quote) break;
      if (byte === undefined) throw this.error("ends inside a string", tensor, bytes.length);
      if (byte < 0x20) throw this.error("has a control character in a string, where it must be escaped", tensor, end);
      if (byte === backslash) {
        escapes = true;
        end++;
      }
      seen |= byte;
      end++;
    }
    this.position = end + 1;
    if (escapes) {
      const unescaped = unescapeJson(bytes.subarray(start, end));
      if ("problem" in unescaped) throw this.error(`has ${unescaped.problem} in a string`, tensor, start + unescaped.at);
      return this.#decode(unescaped, start);
    }
    if (seen < 0x80 && end - start <= rememberedStringBytes) return this.#remembered(start, end);
    return this.#decode(bytes.subarray(start, end), start);
  }

  /** An integer from 0 to 2^53 - 1. */
  unsignedInteger(what: string, tensor: string): number {
    const first = this.peek();
    const start = this.position;
    if (first === undefined || ((first < zero || first > nine) && first !== minus)) throw this.#unexpected(what, tensor);
    const bytes = this.#bytes;
    let value = 0;
    let byte: number | undefined = first;
    while (byte !== undefined && byte >= zero && byte <= nine) {
      value = value * 10 + (byte - zero);
      byte = bytes[++this.position];
    }
    const plain = first !== minus && !(first === zero && this.position > start + 1) && byte !== 0x2e && byte !== 0x65 && byte !== 0x45;
    if (plain && value <= Number.MAX_SAFE_INTEGER) return value;
    this.position = start;
    const text = this.#numberText();
    const found = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    const rule = plain ? "numbers beyond 2^53 - 1 are not read exactly" : "only integers from 0, in plain digits, are allowed";
    throw this.error(`has ${found} where ${what} is expected; ${rule}`, tensor, start);
  }

  /** Reads past a value of any kind, checking its grammar. */
  skip(): void {
    // One entry per open container: true for an object.
    const open: boolean[] = [];
    do {
      const isObject = open.at(-1);
      if (isObject !== undefined && (isObject ? this.nextKey() === undefined : !this.nextElement())) {
        open.pop();
        continue;
      }
      const byte = this.peek();
      if (byte === openBrace || byte === openBracket) {
        this.#open(byte, "a value");
        open.push(byte === openBrace);
      } else this.scalar();
    } while (open.length > 0);
  }

  /** A string, number, true, false or null. */
  scalar(): string | number | boolean | null {
    const byte = this.peek();
    if (byte === quote) return this.string("a value");
    if (byte === 0x74) return this.#word("true", true);
    if (byte === 0x66) return this.#word("false", false);
    if (byte === 0x6e) return this.#word("null", null);
    return this.#number();
  }

  /** Reads `null` where it is the next value. */
  skipNull(): boolean {
    if (this.peek() !== 0x6e) return false;
    this.#word("null", null);
    return true;
  }

  #open(bracket: number, what: string, tensor?: string): void {
    if (this.peek() !== bracket) throw this.#unexpected(what, tensor);
    if (this.#depth === maxJsonDepth) {
      throw this.error(`has more than ${maxJsonDepth} containers inside each other`, tensor, this.position, "limit-exceeded");
    }
    this.#depth++;
    this.#atStart = true;
    this.position++;
  }

  /** Reads the comma before the next member; false, having left the container, at its end. */
  #next(closing: number): boolean {
    const byte = this.peek();
    if (byte === closing) {
      this.#depth--;
      this.#atStart = false;
      this.position++;
      return false;
    }
    if (this.#atStart) this.#atStart = false;
    else {
      if (byte !== comma) throw this.#unexpected(closing === closeBrace ? '"," or "}"' : '"," or "]"');
      this.position++;
    }
    return true;
  }

  #remembered(start: number, end: number): string {
    const bytes = this.#bytes;
    const slot = ((end - start) * 31 + (bytes[start] ?? 0)) % rememberedStrings;
    const candidate = this.#recentStrings[slot];
    if (candidate?.length === end - start) {
      let index = 0;
      while (index < candidate.length && candidate.charCodeAt(index) === bytes[start + index]) index++;
      if (index === candidate.length) return candidate;
    }
    const text = this.#decode(bytes.subarray(start, end), start);
    this.#recentStrings[slot] = text;
    return text;
  }

  #word<T>(word: string, value: T): T {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.position + index] !== word.charCodeAt(index)) throw this.#unexpected(word);
    }
    this.position += word.length;
    return value;
  }

  #number(): number {
    const start = this.position;
    const text = this.#numberText();
    if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/u.test(text)) {
      this.position = start;
      throw this.#unexpected("a value");
    }
    const value = Number(text);
    if (!Number.isFinite(value)) throw this.error("has a number out of the range of a double", undefined, start);
    return value;
  }

  /** Consumes the characters that numbers are made of. */
  #numberText(): string {
    const start = this.position;
    let byte = this.#bytes[this.position];
    while (
      byte !== undefined &&
      ((byte >= zero && byte <= nine) || byte === 0x2b || byte === minus || byte === 0x2e || byte === 0x65 || byte === 0x45)
    ) {
      byte = this.#bytes[++this.position];
    }
    return this.#decoder.decode(this.#bytes.subarray(start, this.position));
  }

  #decode(text: Uint8Array, start: number): string {
    try {
      return this.#decoder.decode(text);
    } catch {
      throw this.error("has a string that is not valid UTF-8", undefined, start);
    }
  }

  #unexpected(expected: string, tensor?: string): SafetensorsError {
    const byte = this.#bytes[this.position];
    if (byte === undefined) return this.error(`ends where ${expected} is expected`, tensor);
    const found = byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16).padStart(2, "0")}`;
    return this.error(`has ${found} where ${expected} is expected`, tensor);
  }
}
