/*
 * How a PDF's streams are unpacked (ISO 32000-1, 7.4), piece by piece, so that it can be given up when there is too much of it. Where bytes end too early, or are
 * damaged, what came before is what they come to.
 */

/** Bytes in order. */
export type Pieces = AsyncIterable<Uint8Array<ArrayBuffer>>;

/** 7.4.4: zlib's format (RFC 1950). */
export async function* inflated(source: Pieces): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const pieces = source[Symbol.asyncIterator]();
  const compressed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  const reader = compressed.pipeThrough(new DecompressionStream("deflate")).getReader();
  try {
    for (;;) {
      const found = await reader.read().catch(() => undefined);
      if (found === undefined || found.done) return;
      yield found.value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Gathers bytes into pieces. */
interface Output {
  add(byte: number): void;
  /** Whether there is a full piece. */
  readonly isFull: boolean;
  /** The pieces that are full; at the end, the last one, too. */
  take(isEnd?: boolean): Uint8Array<ArrayBuffer>[];
}

const pieceBytes = 2 ** 16;

function output(): Output {
  let piece = new Uint8Array(pieceBytes);
  let length = 0;
  let full: Uint8Array<ArrayBuffer>[] = [];
  return {
    add(byte) {
      if (length === pieceBytes) {
        full.push(piece);
        piece = new Uint8Array(pieceBytes);
        length = 0;
      }
      piece[length++] = byte;
    },
    get isFull() {
      return full.length > 0;
    },
    take(isEnd = false) {
      const taken = isEnd ? [...full, piece.subarray(0, length)] : full;
      full = [];
      return taken;
    },
  };
}

/** 7.4.5: a length below 128 and that many bytes and one, or one above and a byte that is repeated 257 less that many times; 128 ends it. */
export async function* unrolled(source: Pieces): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const out = output();
  let copied = 0;
  let repeated = 0;
  for await (const piece of source) {
    for (const byte of piece) {
      if (copied > 0) {
        out.add(byte);
        copied--;
      } else if (repeated > 0) {
        for (; repeated > 0; repeated--) out.add(byte);
      } else if (byte === 128) {
        yield* out.take(true);
        return;
      } else if (byte < 128) copied = byte + 1;
      else repeated = 257 - byte;
    }
    yield* out.take();
  }
  yield* out.take(true);
}

/** 7.4.2: two hexadecimal digits for each byte; `>` ends it. */
export async function* ofHexadecimal(source: Pieces): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const out = output();
  let first: number | undefined;
  for await (const piece of source) {
    for (const byte of piece) {
      if (byte === 0x3e) {
        if (first !== undefined) out.add(first << 4);
        yield* out.take(true);
        return;
      }
      const digit = Number.parseInt(String.fromCharCode(byte), 16);
      if (Number.isNaN(digit)) continue;
      if (first === undefined) first = digit;
      else {
        out.add((first << 4) | digit);
        first = undefined;
      }
    }
    yield* out.take();
  }
  yield* out.take(true);
}

/** 7.4.3: five characters of base 85 for four bytes, `z` for four zeros; `~` ends it. */
export async function* ofBase85(source: Pieces): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const out = output();
  let [value, count] = [0, 0];
  const add = (bytes: number): void => {
    for (let index = 0; index < bytes; index++) out.add(Math.floor(value / 256 ** (3 - index)) % 256);
    [value, count] = [0, 0];
  };
  for await (const piece of source) {
    for (const byte of piece) {
      if (byte === 0x7e) {
        const bytes = count - 1;
        for (; count > 0 && count < 5; count++) value = value * 85 + 84;
        add(bytes);
        yield* out.take(true);
        return;
      }
      if (byte === 0x7a && count === 0) add(4);
      else if (byte > 0x20) {
        value = value * 85 + byte - 0x21;
        if (++count === 5) add(4);
      }
    }
    yield* out.take();
  }
  yield* out.take(true);
}

const clear = 256;
const end = 257;
const maxCodes = 4096;

/**
 * 7.4.4: codes of 9 to 12 bits for sequences that were there before, each a byte longer than another.
 * @param early by how many codes their length grows too early (EarlyChange): 1, where nothing else is said
 * @throws RangeError for a code that stands for nothing
 */
export async function* ofCodes(source: Pieces, early: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const out = output();
  const known = knownSequences(early);
  let [bits, held] = [0, 0];
  for await (const piece of source) {
    for (const byte of piece) {
      bits = ((bits << 8) | byte) & 0xff_ff_ff;
      held += 8;
      const width = known.codeBits;
      if (held < width) continue;
      held -= width;
      const code = (bits >> held) & (2 ** width - 1);
      if (code === end) {
        yield* out.take(true);
        return;
      }
      if (code === clear) known.clear();
      else for (const one of known.next(code)) out.add(one);
      // A piece of codes can come to a thousand times its length.
      if (out.isFull) yield* out.take();
    }
  }
  yield* out.take(true);
}

interface KnownSequences {
  /** Of the next code. */
  readonly codeBits: number;
  /** The sequence of a code; with the one before, it makes a new one known. Its memory is used again. */
  next(code: number): Uint8Array;
  clear(): void;
}

function knownSequences(early: number): KnownSequences {
  const before = new Uint16Array(maxCodes);
  const last = Uint8Array.from({ length: maxCodes }, (_, code) => code);
  const lengths = new Uint16Array(maxCodes).fill(1, 0, clear);
  const sequence = new Uint8Array(maxCodes);
  let count = end + 1;
  let previous: number | undefined;

  function spell(code: number): number {
    const length = lengths[code] ?? 0;
    for (let [index, part] = [length - 1, code]; index >= 0; index--) {
      sequence[index] = last[part] ?? 0;
      part = before[part] ?? 0;
    }
    return length;
  }

  /** The sequence that is only now made: the one before, and its first byte. Of any other code readers make what they like. */
  function spellNew(code: number): number {
    if (previous === undefined || code > count) throw new RangeError(`a code ${code} stands for nothing`);
    const length = spell(previous);
    sequence[length] = sequence[0] ?? 0;
    return length + 1;
  }

  return {
    get codeBits() {
      const reached = count + early;
      return reached >= 2048 ? 12 : reached >= 1024 ? 11 : reached >= 512 ? 10 : 9;
    },
    next(code) {
      const length = code < count ? spell(code) : spellNew(code);
      if (previous !== undefined && count < maxCodes) {
        before[count] = previous;
        last[count] = sequence[0] ?? 0;
        lengths[count] = (lengths[previous] ?? 0) + 1;
        count++;
      }
      previous = code;
      return sequence.subarray(0, length);
    },
    clear() {
      count = end + 1;
      previous = undefined;
    },
  };
}
