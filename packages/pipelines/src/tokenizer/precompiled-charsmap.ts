import { LongspanError } from "@longspan/core";
import { rewritePlaced, type PlacedChange, type PlacedText } from "./placed-text.ts";

/**
 * sentencepiece's normalization rules as it compiles them: a double-array trie (darts-clone) of what is replaced, and the replacements, each ended
 * by a zero byte (sentencepiece/src/normalizer.cc, `DecodePrecompiledCharsMap`).
 */
export type Charsmap = (text: PlacedText) => PlacedText;

/** Clusters of more bytes are looked up by character (tokenizers/normalizers/precompiled.rs). */
const maxClusterBytes = 6;

/** Of so many characters and clusters it is kept what replaces them. */
const maxFound = 10_000;

/**
 * @param name for messages: where the rules lie.
 * @throws LongspanError `malformed`.
 */
export function precompiledCharsmap(bytes: Uint8Array, name: string): Charsmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = bytes.length < 4 ? 0 : view.getUint32(0, true);
  if (trieBytes === 0 || trieBytes % 4 !== 0 || trieBytes > bytes.length - 4) {
    throw new LongspanError("malformed", `${name} has a table of normalization rules (precompiled_charsmap) that cannot be read.`, {
      details: { tokenizer: name, bytes: bytes.length },
    });
  }
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) => view.getUint32(4 + 4 * index, true));
  const replacements = bytes.subarray(4 + trieBytes);
  const utf8 = new TextEncoder();
  const found = new Map<string, string | undefined>();

  /** The replacement of the shortest beginning of a text that has one: that is what the library takes. */
  const lookUp = (text: string): string | undefined => {
    let at = offsetOf(units[0] ?? 0);
    for (const byte of utf8.encode(text)) {
      if (byte === 0) return undefined;
      at ^= byte;
      const unit = units[at];
      if (unit === undefined || labelOf(unit) !== byte) return undefined;
      at ^= offsetOf(unit);
      if (((unit >>> 8) & 1) === 1) return replacementAt((units[at] ?? 0) & 0x7f_ff_ff_ff);
    }
    return undefined;
  };
  const replacementAt = (start: number): string => {
    const end = replacements.indexOf(0, start);
    return new TextDecoder().decode(replacements.subarray(start, end === -1 ? replacements.length : end));
  };
  const replacementOf = (text: string): string | undefined => {
    if (found.has(text)) return found.get(text);
    // Texts have few characters, and strangers' texts as many as they like.
    if (found.size >= maxFound) found.clear();
    const replacement = lookUp(text);
    found.set(text, replacement);
    return replacement;
  };

  return (given) => {
    const changes: PlacedChange[] = [];
    let modified = false;
    for (const { segment } of clusters.segment(given.text)) {
      const whole = utf8Length(segment) < maxClusterBytes ? replacementOf(segment) : undefined;
      if (whole !== undefined) {
        replace(changes, segment, whole);
        modified = true;
        continue;
      }
      for (const character of segment) {
        const replacement = replacementOf(character);
        if (replacement === undefined) changes.push([character, 0]);
        else replace(changes, character, replacement);
        modified ||= replacement !== undefined;
      }
    }
    return modified ? rewritePlaced(given, changes) : given;
  };
}

const clusters = /*#__PURE__*/ new Intl.Segmenter("en", { granularity: "grapheme" });

/** The last characters are the added ones; what is removed counts to the last one there is. */
function replace(changes: PlacedChange[], old: string, replacement: string): void {
  const characters = Array.from(replacement);
  const difference = characters.length - Array.from(old).length;
  for (const [index, character] of characters.entries()) changes.push([character, index >= characters.length - difference ? 1 : 0]);
  const last = changes.at(-1);
  if (difference < 0 && last !== undefined) changes[changes.length - 1] = [last[0], last[1] + difference];
}

function labelOf(unit: number): number {
  return (unit & (0x80_00_00_00 | 0xff)) >>> 0;
}

function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x2_00) >>> 6)) >>> 0;
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x8_00 ? 2 : code < 0x1_00_00 ? 3 : 4;
  }
  return length;
}
