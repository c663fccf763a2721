import type { ByteSource } from "@longspan/core";
import { blobSource } from "@longspan/core/adapter";
import type { Download, HubStore, RepositoryFile } from "../hub-store.ts";

const cacheName = "longspan-hub";

/** How much is asked for at once. */
const pieceBytes = 8 * 2 ** 20;

/** The browser's Cache API, one entry a file and one a branch; what cannot be stored (private windows, no room) is kept in memory instead. */
export function cacheStore(endpoint: string, repository: string): HubStore {
  const base = `${endpoint}/${repository}`;
  const addressOf = (commit: string, path: string): string => `${base}/resolve/${commit}/${path}`;
  const referenceOf = (revision: string): string => `${base}/refs/${encodeURIComponent(revision)}`;
  return {
    name: "this browser's cache",
    async commitOf(revision) {
      const response = await (await open())?.match(referenceOf(revision));
      return response?.text();
    },
    async saveCommit(revision, commit) {
      await (await open())?.put(referenceOf(revision), new Response(commit)).catch(() => undefined);
    },
    async list(commit) {
      const cache = await open();
      const start = addressOf(commit, "");
      const keys = (await cache?.keys()) ?? [];
      const files: RepositoryFile[] = [];
      for (const { url } of keys) {
        if (!url.startsWith(start)) continue;
        const response = await cache?.match(url);
        files.push({
          path: decodeURIComponent(url.slice(start.length)),
          size: Number(response?.headers.get("content-length")),
          etag: response?.headers.get("etag") ?? "",
        });
      }
      return files;
    },
    async find(commit, path) {
      const response = await (await open())?.match(addressOf(commit, path));
      return response === undefined ? undefined : blobSource(named(await response.blob(), path));
    },
    async download(download) {
      const { commit, file } = download;
      const source = await download.open();
      try {
        const blob = await fetched(source, download);
        const headers = { "content-length": String(file.size), etag: file.etag };
        await (await open())?.put(addressOf(commit, file.path), new Response(blob, { headers })).catch(() => undefined);
        return blobSource(named(blob, file.path));
      } finally {
        await source.close();
      }
    },
  };
}

async function open(): Promise<Cache | undefined> {
  return "caches" in globalThis ? globalThis.caches.open(cacheName).catch(() => undefined) : undefined;
}

function named(blob: Blob, path: string): File {
  return new File([blob], path.slice(path.lastIndexOf("/") + 1));
}

/** The whole file: pieces become blobs, which a browser keeps on disk where they are large. */
async function fetched(source: ByteSource, { file, onBytes, signal }: Download): Promise<Blob> {
  const pieces: Blob[] = [];
  for (let offset = 0; offset < file.size; offset += pieceBytes) {
    pieces.push(new Blob([(await source.read(offset, Math.min(pieceBytes, file.size - offset), { signal })).slice()]));
    onBytes(Math.min(offset + pieceBytes, file.size));
  }
  return new Blob(pieces);
}
