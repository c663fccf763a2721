// Answers for the page's own files from the cache, so that it works offline. Nothing of other origins passes through it.
//
// A new version waits until no tab of the old one is open (it never calls skipWaiting): a tab may still want parts of its own version, which the
// server has no more.
const scope = globalThis as unknown as Scope;

/** What is used of a service worker's global scope, which the DOM's types do not have. */
interface Scope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: Waiting) => void): void;
  addEventListener(type: "message", listener: (event: Waiting & { readonly data: unknown }) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}

interface Waiting {
  waitUntil(work: Promise<void>): void;
}

interface Fetching {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** Written by the build: the page's files, what WebAssembly needs (with its version behind a question mark), and a sum of them. */
declare const pageFiles: readonly string[];
declare const wasmFiles: readonly string[];
declare const pageVersion: string;

const cacheName = `longspan-page-${pageVersion}`;

scope.addEventListener("install", (event) => {
  event.waitUntil(
    (async (): Promise<void> => {
      const cache = await caches.open(cacheName);
      await cache.addAll(pageFiles.map((file) => new Request(file, { cache: "no-cache" })));
    })(),
  );
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(
    (async (): Promise<void> => {
      for (const name of await caches.keys()) if (name.startsWith("longspan-page-") && name !== cacheName) await caches.delete(name);
      await scope.clients.claim();
    })(),
  );
});

scope.addEventListener("message", (event) => {
  if (event.data !== "keep-wasm") return;
  event.waitUntil(
    (async (): Promise<void> => {
      const cache = await caches.open(cacheName);
      if ((await cache.match(wasmFiles[1] ?? "")) === undefined) await cache.addAll(wasmFiles);
    })(),
  );
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== scope.location.origin || (request.method !== "GET" && request.method !== "HEAD")) return;
  event.respondWith(answer(request));
});

/** The page itself from the network, so that a new version is seen; everything else, which has its version in its name, from the cache. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  if (request.mode === "navigate") {
    try {
      return await fetch(request);
    } catch (error) {
      const kept = await cache.match("./");
      if (kept === undefined) throw error;
      return kept;
    }
  }
  // The version is in the name of most files, of onnxruntime's in the search.
  const kept = await cache.match(request.url, { ignoreSearch: !new URL(request.url).pathname.includes("/ort/") });
  if (kept === undefined) {
    // All of the example is kept: what is asked for beside it (other tokenizers' files) is not there, which must be known offline, too.
    return new URL(request.url).pathname.includes("/example/") ? new Response(null, { status: 404 }) : fetch(request);
  }
  if (request.method === "HEAD") return new Response(null, { headers: kept.headers });
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  if (range === null) return kept;
  const blob = await kept.blob();
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Infinity : Number(range[2]), blob.size - 1);
  return new Response(blob.slice(first, last + 1), {
    status: 206,
    headers: {
      ...Object.fromEntries(kept.headers),
      "content-range": `bytes ${first}-${last}/${blob.size}`,
      "content-length": String(last + 1 - first),
    },
  });
}
