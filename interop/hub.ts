import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hubModel } from "@longspan/hub";
import { hubServer } from "@longspan/hub-server";

const commit = "0123456789abcdef0123456789abcdef01234567";
const script = fileURLToPath(new URL("check_hub_cache.py", import.meta.url));
const files = new Map([
  ["config.json", new TextEncoder().encode('{"model_type":"longformer"}')],
  ["model.safetensors", Uint8Array.from({ length: 50_000 }, (_, index) => index % 251)],
]);

/** One cache for Python's `huggingface_hub` and for us: each finds what the other downloaded, without asking the hub. */
export async function checkHubCache(folder: string, python: string): Promise<boolean> {
  const server = await hubServer({ "somebody/model": { commit, files } });
  try {
    const ours = join(folder, "hub-ours");
    const theirs = join(folder, "hub-theirs");
    const { files: fetched } = await hubModel("somebody/model", { endpoint: server.endpoint, cacheFolder: ours, offline: false });
    for (const name of files.keys()) {
      const source = await fetched.resolve(name);
      await source?.read(0, 1);
      await source?.close();
    }
    const read = await runPython(python, ["read", ours, server.endpoint]);
    const written = await runPython(python, ["download", theirs, server.endpoint]);
    const { files: found } = await hubModel("somebody/model", { cacheFolder: theirs, offline: true });
    let equal = true;
    for (const [name, bytes] of files) {
      const source = await found.resolve(name);
      equal &&= source !== undefined && Buffer.compare(await source.read(0, source.size), bytes) === 0;
      await source?.close();
    }
    console.log(`${read ? "ok  " : "FAIL"}  Python reads the cache that Longspan wrote`);
    console.log(`${written && equal ? "ok  " : "FAIL"}  Longspan reads the cache that Python wrote`);
    return read && written && equal;
  } finally {
    await server.close();
  }
}

/** Not `spawnSync`: the server that it asks runs in this process. */
async function runPython(python: string, words: readonly string[]): Promise<boolean> {
  const child = spawn(python, [script, ...words], { stdio: "inherit" });
  return new Promise((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", (status) => resolve(status === 0));
  });
}
