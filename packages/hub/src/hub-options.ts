import type { ProgressListener } from "@longspan/core";
import type { OptionNames } from "@longspan/core/adapter";

/** How the hub is reached. In Node, what is not said is taken from the environment, as Python's `huggingface_hub` does. */
export interface HubOptions {
  /** The hub's address. Default: `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint?: string | undefined;
  /** For private and gated models. Default: `HF_TOKEN`, else the token that `hf auth login` saved. */
  readonly token?: string | undefined;
  /** The cache that all programs share. Default: `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`. Not in browsers. */
  readonly cacheFolder?: string | undefined;
  /** Only what is in the cache. Default: `HF_HUB_OFFLINE`. */
  readonly offline?: boolean | undefined;
  /**
   * Reads from the hub, range by range, what is not in the cache, instead of downloading it: for a look at a file's header. Default false: a
   * file is downloaded, whole, when the first byte of it is asked for.
   */
  readonly remote?: boolean | undefined;
  /** Milliseconds without an answer. Default 30,000. */
  readonly timeout?: number | undefined;
  /** Ends waiting and downloads when it is aborted; what is downloaded so far is gone on with next time. */
  readonly signal?: AbortSignal | undefined;
  /** Stage `download`, by file, in bytes. */
  readonly onProgress?: ProgressListener | undefined;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

export const hubOptionNames: OptionNames<HubOptions> = {
  endpoint: true,
  token: true,
  cacheFolder: true,
  offline: true,
  remote: true,
  timeout: true,
  signal: true,
  onProgress: true,
  fetch: true,
};

/** The options with all defaults filled in. */
export interface HubSettings extends HubOptions {
  readonly endpoint: string;
  readonly offline: boolean;
  readonly remote: boolean;
  readonly timeout: number;
}

export const defaultEndpoint = "https://huggingface.co";
export const defaultTimeout = 30_000;
