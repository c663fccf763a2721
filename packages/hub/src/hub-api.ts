import { HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { LongspanError } from "@longspan/core";
import type { HubSettings } from "./hub-options.ts";
import type { RepositoryFile } from "./hub-store.ts";
import type { RepositoryName } from "./repository-name.ts";

/** What the hub says of a repository. @throws LongspanError `not-found`, `permission-denied`, `network-failed`, `aborted`, each with the way out. */
export async function askHub(name: RepositoryName, settings: HubSettings): Promise<{ commit: string; files: RepositoryFile[] }> {
  const codes: ErrorCodes = { last: undefined };
  const { repository, revision } = name;
  const common = { hubUrl: settings.endpoint, accessToken: settings.token, fetch: hubFetch(settings, codes) };
  try {
    const { sha } = await modelInfo({ ...common, name: repository, revision, additionalFields: ["sha"] });
    if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) {
      throw new LongspanError(
        "network-failed",
        `${settings.endpoint} does not say which commit ${repository}@${revision} is. Is it a Hugging Face hub?`,
      );
    }
    const files: RepositoryFile[] = [];
    for await (const entry of listFiles({ ...common, repo: repository, revision: sha, recursive: true })) {
      const etag = entry.lfs?.oid ?? entry.oid;
      if (entry.type === "file") files.push(checkedFile({ path: entry.path, size: entry.lfs?.size ?? entry.size, etag }, name, settings));
    }
    return { commit: sha, files };
  } catch (error) {
    throw hubError(error, name, settings, codes.last);
  }
}

/** Git's blob id, or the SHA-256 of a large file. */
const etagText = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** A file's path and etag become names on the disk: what a hub sends is not trusted with them. */
function checkedFile(
  { path, size, etag }: Omit<RepositoryFile, "etag"> & { readonly etag: string | undefined },
  { repository }: RepositoryName,
  { endpoint }: HubSettings,
): RepositoryFile {
  const isPlain =
    !/[\\\p{Cc}]|^[A-Za-z]:/u.test(path) && path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (isPlain && etag !== undefined && etagText.test(etag) && Number.isSafeInteger(size) && size >= 0) return { path, size, etag };
  throw new LongspanError(
    "malformed",
    `${endpoint} lists a file of ${repository} that no repository can have: path ${JSON.stringify(path.slice(0, 200))}, etag ${JSON.stringify(String(etag).slice(0, 100))}, ${size} bytes. Is it a Hugging Face hub?`,
    { details: { repository, path, etag, size } },
  );
}

interface ErrorCodes {
  /** The header X-Error-Code of the last answer: `GatedRepo`, `RepoNotFound`, `RevisionNotFound`, … */
  last: string | undefined;
}

function hubFetch(settings: HubSettings, codes: ErrorCodes): typeof fetch {
  const send = settings.fetch ?? globalThis.fetch;
  return async (input, init) => {
    const signals = [AbortSignal.timeout(settings.timeout), settings.signal, init?.signal].filter(
      (signal) => signal instanceof AbortSignal,
    );
    const response = await send(input, { ...init, signal: AbortSignal.any(signals) });
    codes.last = response.headers.get("X-Error-Code") ?? undefined;
    return response;
  };
}

function hubError(
  error: unknown,
  { repository, revision }: RepositoryName,
  settings: HubSettings,
  code: string | undefined,
): LongspanError {
  if (LongspanError.isInstance(error)) return error;
  if (settings.signal?.aborted === true) return new LongspanError("aborted", `Asking for ${repository} was interrupted.`, { cause: error });
  const details = { repository, revision, endpoint: settings.endpoint };
  if (!(error instanceof HubApiError)) {
    const why = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
    return new LongspanError(
      "network-failed",
      `${settings.endpoint} cannot be asked for ${repository}: ${why}. With HF_HUB_OFFLINE=1 (option offline) what is in the cache is used.`,
      { cause: error, details },
    );
  }
  const page = `${settings.endpoint}/${repository}`;
  const status = { ...details, status: error.statusCode };
  const hasToken = settings.token !== undefined;
  if (code === "GatedRepo" || (error.statusCode === 403 && code === undefined)) {
    const way = hasToken
      ? "with the account of your token"
      : "and give a token of that account: HF_TOKEN, `hf auth login`, or option token";
    return new LongspanError("permission-denied", `${repository} is gated: accept its conditions at ${page} ${way}.`, {
      cause: error,
      details: status,
    });
  }
  if (code === "RevisionNotFound" || (error.statusCode === 404 && revision !== "main" && code !== "RepoNotFound")) {
    return new LongspanError(
      "not-found",
      `${repository} has no branch, tag or commit "${revision}". See ${page}/tree/main for those it has.`,
      {
        cause: error,
        details: status,
      },
    );
  }
  if (error.statusCode === 401 || error.statusCode === 404) {
    const way = hasToken
      ? "or your token may not see it"
      : "or it is private: then give a token (HF_TOKEN, `hf auth login`, or option token)";
    return new LongspanError("not-found", `There is no model ${repository} at ${settings.endpoint}, ${way}.`, {
      cause: error,
      details: status,
    });
  }
  return new LongspanError(
    "network-failed",
    `${settings.endpoint} answered ${error.statusCode} when asked for ${repository}. Try again later.`,
    {
      cause: error,
      details: status,
    },
  );
}
