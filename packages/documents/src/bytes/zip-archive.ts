import type { Entry, FileEntry } from "@zip.js/zip.js";
import { LongspanError } from "@longspan/core";

/** What the parts of an archive that are read may come to, together: some eight times War and Peace as Word writes it. */
const maxInflatedBytes = 2 ** 26;

/** Word's text shrinks to a tenth, seldom to a fortieth; beyond what is free, an archive may come to no more than that. */
const maxRatio = 40;
const freeBytes = 2 ** 23;

/** An archive has one entry for each picture and part of a document. */
const maxEntries = 20_000;

/** A zip archive whose parts are read one after the other. */
export interface ZipArchive {
  readonly names: readonly string[];
  /**
   * The text of a part, as it is inflated; undefined where there is none of that name. Its checksum is compared at its end.
   * @throws LongspanError `limit-exceeded` where all that was read comes to more than 64 MiB, or much more than such an archive does; `malformed`.
   */
  readText(partName: string, each: (text: string) => void, signal?: AbortSignal): Promise<boolean>;
}

/** @throws LongspanError `malformed`; `limit-exceeded` for an archive of very many entries; `unsupported` for one that is encrypted. */
export async function zipArchive(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<ZipArchive> {
  const { Uint8ArrayReader, ZipReader } = await import("@zip.js/zip.js");
  const entries = new Map<string, FileEntry>();
  const reader = new ZipReader(new Uint8ArrayReader(bytes), { useWebWorkers: false });
  try {
    for await (const entry of reader.getEntriesGenerator()) add(entries, entry, name);
  } catch (error) {
    throw damaged(name, error);
  }
  const limit = Math.min(maxInflatedBytes, freeBytes + maxRatio * bytes.length);
  let left = limit;
  return {
    names: [...entries.keys()],
    async readText(partName, each, signal) {
      const entry = entries.get(partName);
      if (entry === undefined) return false;
      if (entry.uncompressedSize > left) throw tooLarge(name, limit);
      const utf16 = { decoder: undefined as TextDecoder | undefined };
      const target = new WritableStream<Uint8Array>({
        write(piece) {
          left -= piece.length;
          // A part may say that it is small.
          if (left < 0) throw tooLarge(name, limit);
          utf16.decoder ??= new TextDecoder(piece[0] === 0xff && piece[1] === 0xfe ? "utf-16le" : "utf-8", { fatal: true });
          each(utf16.decoder.decode(piece, { stream: true }));
        },
      });
      try {
        await entry.getData(target, { checkSignature: true, useWebWorkers: false, ...(signal === undefined ? {} : { signal }) });
        if (utf16.decoder !== undefined) each(utf16.decoder.decode());
      } catch (error) {
        throw damaged(name, error);
      }
      return true;
    },
  };
}

function add(entries: Map<string, FileEntry>, entry: Entry, name: string): void {
  if (entry.directory) return;
  if (entries.size >= maxEntries) {
    throw new LongspanError("limit-exceeded", `${name} is an archive of more than ${maxEntries} files, which no document is.`, {
      details: { name, limit: maxEntries },
    });
  }
  if (entry.encrypted) {
    throw new LongspanError("unsupported", `${name} is encrypted. Save it without a password, and give that.`, {
      details: { name, encrypted: true },
    });
  }
  if (entries.has(entry.filename)) {
    throw new LongspanError("malformed", `${name} holds ${JSON.stringify(entry.filename)} twice. Save it anew, and give that.`, {
      details: { name, part: entry.filename },
    });
  }
  entries.set(entry.filename, entry);
}

function tooLarge(name: string, limit: number): LongspanError {
  return new LongspanError(
    "limit-exceeded",
    `${name} unpacks to more than ${limit} bytes of text with its markup. Split it, or save it as plain text.`,
    { details: { name, limit } },
  );
}

function damaged(name: string, error: unknown): unknown {
  if (LongspanError.isInstance(error)) return error;
  if (error instanceof Error && error.name === "AbortError") return error;
  return new LongspanError(
    "malformed",
    `${name} is a damaged zip archive (${error instanceof Error ? error.message : String(error)}). Get it again, or open it and save it anew.`,
    { cause: error, details: { name } },
  );
}
