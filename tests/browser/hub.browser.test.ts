import { beforeEach, expect, test } from "vitest";
import { hubModel } from "@longspan/hub";

const commit = "0123456789abcdef0123456789abcdef01234567";
const weights = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
let fetched: string[] = [];

/** The hub's routes, answered in the page: what is tested here is the browser's cache. */
const hub: typeof fetch = async (input, init) => {
  const url = String(input instanceof Request ? input.url : input);
  fetched.push(url);
  if (url.includes("/revision/")) return Response.json({ _id: "1", id: "somebody/model", sha: commit, lastModified: "2026-01-01" });
  if (url.includes("/tree/")) {
    return Response.json([
      {
        type: "file",
        path: "model.safetensors",
        size: weights.length,
        oid: "0".repeat(40),
        lfs: { oid: "0".repeat(64), size: weights.length },
      },
    ]);
  }
  const range = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get("range") ?? "");
  const [first, last] = [Number(range?.[1] ?? 0), Math.min(Number(range?.[2] ?? weights.length - 1), weights.length - 1)];
  return new Response(weights.slice(first, last + 1), {
    status: range === null ? 200 : 206,
    headers: { etag: '"0"', ...(range === null ? {} : { "content-range": `bytes ${first}-${last}/${weights.length}` }) },
  });
};

beforeEach(async () => {
  fetched = [];
  await caches.delete("longspan-hub");
});

test("a model by its name is kept in the browser's cache, and is there without the hub", async () => {
  const options = { endpoint: "https://hub.example", fetch: hub };
  const first = await (await hubModel("somebody/model", options)).files.resolve("model.safetensors");
  expect(new Uint8Array((await first?.read(1000, 3)) ?? [])).toEqual(weights.slice(1000, 1003));
  await first?.close();
  fetched = [];
  const { files } = await hubModel("somebody/model", { ...options, offline: true });
  expect(await files.list?.()).toEqual(["model.safetensors"]);
  const again = await files.resolve("model.safetensors");
  expect(new Uint8Array((await again?.read(0, weights.length)) ?? [])).toEqual(weights);
  await again?.close();
  expect(fetched).toEqual([]);
});
