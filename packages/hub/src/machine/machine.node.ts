import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { getHFHubCachePath } from "@huggingface/hub";
import { defaultEndpoint, defaultTimeout } from "../hub-options.ts";
import { diskStore } from "./disk-store.node.ts";
import type { Machine } from "./machine.ts";

/** The environment variables of Python's `huggingface_hub` (constants.py). */
export const machine: Machine = {
  async settings(options) {
    const { env } = process;
    return {
      ...options,
      endpoint: (options.endpoint ?? env.HF_ENDPOINT ?? defaultEndpoint).replace(/\/+$/, ""),
      token: options.token ?? env.HF_TOKEN ?? env.HUGGING_FACE_HUB_TOKEN ?? (await savedToken()),
      cacheFolder: options.cacheFolder ?? getHFHubCachePath(),
      offline: options.offline ?? isTrue(env.HF_HUB_OFFLINE ?? env.TRANSFORMERS_OFFLINE),
      remote: options.remote ?? false,
      timeout: options.timeout ?? defaultTimeout,
    };
  },
  store: (repository, { cacheFolder = getHFHubCachePath() }) => diskStore(cacheFolder, repository),
};

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["1", "ON", "YES", "TRUE"].includes(text.toUpperCase());
}

/** The file that `hf auth login` writes. */
async function savedToken(): Promise<string | undefined> {
  const { env } = process;
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  try {
    const token = (await readFile(env.HF_TOKEN_PATH ?? join(home, "token"), "utf8")).trim();
    return token === "" ? undefined : token;
  } catch {
    // Nobody is logged in.
    return undefined;
  }
}
