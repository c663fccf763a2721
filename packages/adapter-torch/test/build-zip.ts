import { crc32 } from "#checksum";

/** An entry of a zip file built for a test; every field of its records can be made to lie. */
export interface TestEntry {
  readonly name: string | Uint8Array;
  readonly data: Uint8Array;
  readonly flags?: number;
  readonly method?: number;
  readonly checksum?: number;
  /** Bytes of local extra fields. */
  readonly extra?: Uint8Array;
  readonly local?: {
    readonly name?: string;
    readonly flags?: number;
    readonly method?: number;
    readonly checksum?: number;
    readonly size?: number;
  };
  readonly central?: {
    readonly size?: number;
    readonly compressedSize?: number;
    readonly headerOffset?: number;
    readonly disk?: number;
    readonly extra?: Uint8Array;
  };
  /** Write a data descriptor, as torch does. */
  readonly descriptor?: boolean;
  /** Leave the local header and the data out: only the central directory names the entry. */
  readonly centralOnly?: boolean;
}

export interface TestZipOptions {
  readonly prefix?: Uint8Array;
  readonly suffix?: Uint8Array;
  readonly comment?: Uint8Array;
  /** Write the zip64 end records, as torch always does. */
  readonly zip64?:
    | boolean
    | {
        readonly entries?: bigint;
        readonly offset?: bigint;
        readonly disks?: number;
        readonly locator?: bigint;
      };
  readonly end?: {
    readonly disk?: number;
    readonly entries?: number;
    readonly byteLength?: number;
    readonly offset?: number;
  };
}

const text = new TextEncoder();

export function concatenate(...pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    out.set(piece, position);
    position += piece.length;
  }
  return out;
}

/** Little-endian fields: `[bytes, value]` each. */
export function fields(...values: readonly (readonly [2 | 4 | 8, number | bigint])[]): Uint8Array {
  const out = new Uint8Array(values.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(out.buffer);
  let position = 0;
  for (const [width, value] of values) {
    if (width === 2) view.setUint16(position, Number(value), true);
    else if (width === 4) view.setUint32(position, Number(value), true);
    else view.setBigUint64(position, BigInt(value), true);
    position += width;
  }
  return out;
}

/** A zip file, right or wrong. */
export function buildZip(entries: readonly TestEntry[], options: TestZipOptions = {}): Uint8Array {
  const pieces: Uint8Array[] = options.prefix === undefined ? [] : [options.prefix];
  let position = options.prefix?.length ?? 0;
  const push = (piece: Uint8Array): void => {
    pieces.push(piece);
    position += piece.length;
  };
  const central: Uint8Array[] = [];
  for (const entry of entries) {
    const headerOffset = position;
    const nameBytes = typeof entry.name === "string" ? text.encode(entry.name) : entry.name;
    const flags = entry.flags ?? (entry.descriptor === true ? 0x808 : 0x800);
    const method = entry.method ?? 0;
    const checksum = entry.checksum ?? crc32(entry.data);
    const later = entry.descriptor === true;
    if (entry.centralOnly !== true) {
      const localName = entry.local?.name === undefined ? nameBytes : text.encode(entry.local.name);
      const size = entry.local?.size ?? (later ? 0 : entry.data.length);
      push(
        concatenate(
          fields([4, 0x04_03_4b_50], [2, 0], [2, entry.local?.flags ?? flags], [2, entry.local?.method ?? method], [4, 0]),
          fields(
            [4, entry.local?.checksum ?? (later ? 0 : checksum)],
            [4, size],
            [4, size],
            [2, localName.length],
            [2, entry.extra?.length ?? 0],
          ),
          localName,
          entry.extra ?? new Uint8Array(),
          entry.data,
        ),
      );
      if (later) push(fields([4, 0x08_07_4b_50], [4, checksum], [4, entry.data.length], [4, entry.data.length]));
    }
    const centralExtra = entry.central?.extra ?? new Uint8Array();
    central.push(
      concatenate(
        fields([4, 0x02_01_4b_50], [2, 0], [2, 0], [2, flags], [2, method], [4, 0], [4, checksum]),
        fields(
          [4, entry.central?.compressedSize ?? entry.central?.size ?? entry.data.length],
          [4, entry.central?.size ?? entry.data.length],
        ),
        fields(
          [2, nameBytes.length],
          [2, centralExtra.length],
          [2, 0],
          [2, entry.central?.disk ?? 0],
          [2, 0],
          [4, 0],
          [4, entry.central?.headerOffset ?? headerOffset],
        ),
        nameBytes,
        centralExtra,
      ),
    );
  }
  const directoryOffset = position;
  for (const piece of central) push(piece);
  const byteLength = position - directoryOffset;
  if (options.zip64 !== undefined && options.zip64 !== false) {
    const lie = options.zip64 === true ? {} : options.zip64;
    const recordOffset = position;
    const count = lie.entries ?? BigInt(entries.length);
    push(
      fields(
        [4, 0x06_06_4b_50],
        [8, 44],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, 0],
        [8, count],
        [8, count],
        [8, byteLength],
        [8, lie.offset ?? directoryOffset],
      ),
    );
    push(fields([4, 0x07_06_4b_50], [4, 0], [8, lie.locator ?? recordOffset], [4, lie.disks ?? 1]));
  }
  const end = options.end ?? {};
  const count = end.entries ?? entries.length;
  const comment = options.comment ?? new Uint8Array();
  push(
    fields(
      [4, 0x06_05_4b_50],
      [2, end.disk ?? 0],
      [2, end.disk ?? 0],
      [2, count],
      [2, count],
      [4, end.byteLength ?? byteLength],
      [4, end.offset ?? directoryOffset],
      [2, comment.length],
    ),
  );
  push(comment);
  if (options.suffix !== undefined) push(options.suffix);
  return concatenate(...pieces);
}
