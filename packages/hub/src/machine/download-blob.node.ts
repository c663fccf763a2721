import { createHash, type Hash } from "node:crypto";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import { waitForFileLock } from "@longspan/core/node";
import type { Download } from "../hub-store.ts";
import { exists } from "./exists.node.ts";

/** How much is asked for at once; two such pieces are under way. */
const pieceBytes = 16 * 2 ** 20;

/**
 * Fetches a file's bytes into `blob`: under the name `blob.incomplete` until they are whole and proved, so that a try that was cut off
 * is gone on with, by us or by Python. Processes that want the same file wait for the one that is fetching it.
 * @throws LongspanError `malformed` when the bytes are not those that the etag names; what reading and writing throw.
 */
export async function downloadBlob(blob: string, download: Download): Promise<void> {
  await mkdir(dirname(blob), { recursive: true });
  const unlock = await waitForFileLock(`${blob}.lock`, { signal: download.signal, isWanted: async () => !(await exists(blob)) });
  if (unlock === undefined) return;
  try {
    // Who had the lock until now may have brought it.
    if (!(await exists(blob))) await fetchBlob(blob, download);
  } finally {
    await unlock();
  }
}

async function fetchBlob(blob: string, { file, open: openSource, onBytes, signal }: Download): Promise<void> {
  const incomplete = `${blob}.incomplete`;
  const hash = etagHash(file);
  const handle = await open(incomplete, "a+");
  try {
    const begun = await keptBytes(handle, file.size, hash);
    onBytes(begun);
    if (begun < file.size) {
      const source = await openSource();
      try {
        const read = (offset: number): Promise<Uint8Array> => source.read(offset, Math.min(pieceBytes, file.size - offset), { signal });
        let next: Promise<Uint8Array> | undefined = read(begun);
        for (let offset = begun; next !== undefined;) {
          const piece: Uint8Array = (await next).slice();
          throwIfAborted(signal);
          offset += piece.byteLength;
          next = offset < file.size ? read(offset) : undefined;
          // Awaited in the next turn; a failure before that must not count as unhandled.
          next?.catch(() => undefined);
          // All of it: a write may end early, on a disk that is full.
          await handle.appendFile(piece);
          hash.hash.update(piece);
          onBytes(offset);
        }
      } finally {
        await source.close();
      }
    }
    await handle.sync();
    const { size } = await handle.stat();
    if (size !== file.size) {
      throw new LongspanError(
        "io-failed",
        `${incomplete} has ${size} bytes after ${file.size} were written to it. Look after the disk, and try again.`,
        {
          details: { path: incomplete, size, expected: file.size },
        },
      );
    }
  } finally {
    await handle.close();
  }
  const found = hash.hash.digest("hex");
  if (hash.expected !== undefined && found !== hash.expected) {
    await rm(incomplete, { force: true });
    throw new LongspanError(
      "malformed",
      `${file.path} was downloaded, but is not the file that the hub names (${hash.expected.slice(0, 12)}…). It was removed; try again.`,
      { details: { file: file.path, expected: hash.expected, found } },
    );
  }
  await rename(incomplete, blob);
}

interface EtagHash {
  readonly hash: Hash;
  /** Undefined where the etag is of no kind we know. */
  readonly expected: string | undefined;
}

/** Large files are named by SHA-256; small ones by git: SHA-1 of "blob SIZE", a zero, and the bytes. */
function etagHash({ etag, size }: Download["file"]): EtagHash {
  if (/^[0-9a-f]{40}$/.test(etag)) return { hash: createHash("sha1").update(`blob ${size}\0`), expected: etag };
  return { hash: createHash("sha256"), expected: /^[0-9a-f]{64}$/.test(etag) ? etag : undefined };
}

/** Bytes of an earlier try, taken into the hash; a file that is longer than it may be is begun anew. */
async function keptBytes(handle: FileHandle, size: number, { hash }: EtagHash): Promise<number> {
  const { size: kept } = await handle.stat();
  if (kept > size) {
    await handle.truncate(0);
    return 0;
  }
  const buffer = new Uint8Array(Math.min(2 ** 20, Math.max(1, kept)));
  for (let offset = 0; offset < kept;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.byteLength, kept - offset), offset);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
  return kept;
}
