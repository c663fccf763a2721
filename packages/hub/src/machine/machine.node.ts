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
      endpoint: (options.endpoint ?? said(env.HF_ENDPOINT) ?? defaultEndpoint).replace(/\/+$/, ""),
      token: options.token ?? said(env.HF_TOKEN) ?? said(env.HUGGING_FACE_HUB_TOKEN) ?? (await savedToken()),
      cacheFolder: options.cacheFolder ?? getHFHubCachePath(),
      offline: options.offline ?? isTrue(said(env.HF_HUB_OFFLINE) ?? env.TRANSFORMERS_OFFLINE),
      remote: options.remote ?? false,
      timeout: options.timeout ?? defaultTimeout,
    };
  },
  store: (repository, { cacheFolder = getHFHubCachePath() }) => diskStore(cacheFolder, repository),
};

/** An empty variable says nothing: secrets that are not set are such. */
function said(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["1", "ON", "YES", "TRUE"].includes(text.toUpperCase());
}

/** The file that `hf auth login` writes. */
async function savedToken(): Promise<string | undefined> {
  const { env } = process;
  const home = said(env.HF_HOME) ?? join(said(env.XDG_CACHE_HOME) ?? join(homedir(), ".cache"), "huggingface");
  try {
    const token = (await readFile(said(env.HF_TOKEN_PATH) ?? join(home, "token"), "utf8")).trim();
    return token === "" ? undefined : token;
  } catch {
    // Nobody is logged in.
    return undefined;
  }
}
