import { type ByteSource, type CheckpointInput, type FileSet, LongspanError } from "@longspan/core";
import { checkOptions, httpSource, throwIfAborted } from "@longspan/core/adapter";
import { machine } from "#machine";
import { askHub } from "./hub-api.ts";
import { type HubOptions, hubOptionNames, type HubSettings } from "./hub-options.ts";
import type { HubStore, RepositoryFile } from "./hub-store.ts";
import { lazySource } from "./lazy-source.ts";
import { parseRepositoryName } from "./repository-name.ts";
import type { RepositoryName } from "./repository-name.ts";

/**
 * A model of the hub, `owner/name` or `owner/name@revision`, as a checkpoint's place. Only its list of files is fetched now; a file is
 * fetched when its first byte is asked for, and stays in the cache that Python's `huggingface_hub` uses, too.
 * @throws LongspanError `argument-invalid` for a text that is no such name, and for options that there are not; `not-found`, `permission-denied`, `network-failed`, `aborted`.
 */
export async function hubModel(text: string, options: HubOptions = {}): Promise<CheckpointInput> {
  checkOptions(options, hubOptionNames, "hubModel");
  const name = parseRepositoryName(text);
  if (name === undefined) {
    throw new LongspanError(
      "argument-invalid",
      `${JSON.stringify(text)} is no name of a model on the hub: owner/name, or owner/name@revision.`,
      {
        details: { name: text },
      },
    );
  }
  const settings = await machine.settings(options);
  const repository = await openRepository(name, settings);
  return { files: folderOf(repository, "") };
}

/** A repository at one commit. */
interface Repository {
  readonly name: RepositoryName;
  readonly settings: HubSettings;
  readonly store: HubStore;
  readonly commit: string;
  readonly files: ReadonlyMap<string, RepositoryFile>;
}

async function openRepository(name: RepositoryName, settings: HubSettings): Promise<Repository> {
  const store = machine.store(name.repository, settings);
  const { commit, files } = settings.offline ? await fromCache(name, store) : await fromHub(name, settings, store);
  return { name, settings, store, commit, files: new Map(files.map((file) => [file.path, file])) };
}

async function fromHub(
  name: RepositoryName,
  settings: HubSettings,
  store: HubStore,
): Promise<{ commit: string; files: readonly RepositoryFile[] }> {
  throwIfAborted(settings.signal);
  const { commit, files } = await askHub(name, settings);
  if (name.revision !== commit) await store.saveCommit(name.revision, commit);
  return { commit, files };
}

const commitText = /^[0-9a-f]{40}$/;

async function fromCache(
  { repository, revision }: RepositoryName,
  store: HubStore,
): Promise<{ commit: string; files: readonly RepositoryFile[] }> {
  const commit = commitText.test(revision) ? revision : await store.commitOf(revision);
  const files = commit === undefined ? [] : await store.list(commit);
  if (commit === undefined || files.length === 0) {
    throw new LongspanError(
      "not-found",
      `${repository}@${revision} is not in ${store.name}, and the hub may not be asked (HF_HUB_OFFLINE, option offline). Run once without it.`,
      { details: { repository, revision } },
    );
  }
  return { commit, files };
}

/** A folder of the repository: `""`, or a path that ends in a slash. */
function folderOf(repository: Repository, path: string): FileSet {
  const { name, settings, files } = repository;
  const inside = [...files.keys()].filter((file) => file.startsWith(path)).map((file) => file.slice(path.length));
  const folders = new Set(inside.filter((file) => file.includes("/")).map((file) => file.slice(0, file.indexOf("/"))));
  return {
    name: `${settings.endpoint}/${name.repository}${name.revision === "main" ? "" : `@${name.revision}`}/${path}`.replace(/\/$/, ""),
    async resolve(fileName) {
      const file = fileName.includes("/") ? undefined : files.get(path + fileName);
      return file === undefined ? undefined : openFile(repository, file);
    },
    list: async () => inside.filter((file) => !file.includes("/")),
    async folder(folderName) {
      return folders.has(folderName) ? folderOf(repository, `${path}${folderName}/`) : undefined;
    },
    listFolders: async () => [...folders],
    parent: () => (path === "" ? undefined : folderOf(repository, path.replace(/[^/]*\/$/, ""))),
  };
}

async function openFile({ name, settings, store, commit }: Repository, file: RepositoryFile): Promise<ByteSource> {
  const cached = await store.find(commit, file.path);
  if (cached !== undefined) return cached;
  const address = `${settings.endpoint}/${name.repository}/resolve/${commit}/${file.path.split("/").map(encodeURIComponent).join("/")}`;
  const headers = settings.token === undefined ? {} : { authorization: `Bearer ${settings.token}` };
  const { fetch, signal, timeout, onProgress } = settings;
  const remote = async (): Promise<ByteSource> => {
    const source = await httpSource(address, { headers, fetch, signal, timeout, onProgress });
    if (source.size === file.size) return source;
    await source.close();
    throw new LongspanError("malformed", `${source.name} has ${source.size} bytes where the hub's list says ${file.size}. Try again.`, {
      details: { file: file.path },
    });
  };
  return lazySource({ name: address, size: file.size }, async () => {
    if (settings.remote) return remote();
    return store.download({
      commit,
      file,
      open: remote,
      onBytes: (done) => settings.onProgress?.({ stage: "download", item: file.path, done, total: file.size, unit: "bytes" }),
      signal: settings.signal,
    });
  });
}
