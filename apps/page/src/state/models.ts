import { computed, effect, signal } from "@preact/signals";
import type { LoadedModel, Precision, Progress, RuntimeChoice, RuntimeReport } from "../protocol/calls.ts";
import { placeKey, type ChosenFile, type ModelPlace } from "../protocol/model-place.ts";
import { PageFailure, type Problem } from "../protocol/problem.ts";
import { database, type KeptModel } from "../storage/database.ts";
import { deleteKeptFolder, deleteUnheldDownloads, deleteUnknownFolders, holdingKeptFolder } from "../storage/kept-folders.ts";
import { keepSetting, setting } from "../storage/settings.ts";
import { problemOf, work, workerDeaths } from "./work.ts";

/** The model that questions go to. */
export const chosenModel = signal<{ readonly place: ModelPlace; readonly name: string } | undefined>(undefined);

/** What the worker holds of it. */
export const loadedModel = signal<LoadedModel | undefined>(undefined);

export const runtimeChoice = signal(setting<RuntimeChoice>("longspan-runtime", ["automatic", "webgpu", "wasm", "reference"], "automatic"));
export const precision = signal(setting<Precision>("longspan-precision", ["float32", "float16"], "float32"));
export const runtimes = signal<RuntimeReport | undefined>(undefined);

export const keptModels = signal<readonly KeptModel[]>([]);
/** Bytes that this page has stored in the browser. */
export const usedBytes = signal(0);
export const hubCacheUsed = signal(false);
export const modelProblem = signal<Problem | undefined>(undefined);
export const keeping = signal<Progress | undefined>(undefined);

/** Whether the model that is chosen can be copied into the browser. */
export const canKeep = computed(() => {
  const place = chosenModel.value?.place;
  return place?.kind === "files" && !keptModels.value.some(({ id }) => id === keptId(place));
});

// What a worker held is gone with it.
effect(() => {
  if (workerDeaths.value > 0) loadedModel.value = undefined;
});

export function chooseModel(place: ModelPlace, name: string): void {
  if (chosenModel.peek() !== undefined && placeKey(place) === placeKey(chosenModel.peek()?.place ?? place)) {
    chosenModel.value = { place, name };
    return;
  }
  modelProblem.value = undefined;
  chosenModel.value = { place, name };
  loadedModel.value = undefined;
  void findRuntimes();
  if (place.kind === "folder") void rememberFolder(place, name);
}

export function chooseRuntime(choice: RuntimeChoice): void {
  runtimeChoice.value = choice;
  keepSetting("longspan-runtime", choice);
  loadedModel.value = undefined;
}

export function choosePrecision(chosen: Precision): void {
  precision.value = chosen;
  keepSetting("longspan-precision", chosen);
  loadedModel.value = undefined;
}

export async function findRuntimes(): Promise<void> {
  if (runtimes.peek() !== undefined) return;
  try {
    runtimes.value = await work.call("runtimes", null);
  } catch (error) {
    modelProblem.value = problemOf(error);
  }
}

export async function unloadModel(): Promise<void> {
  loadedModel.value = undefined;
  await work.call("unload", null);
}

/**
 * Asks again for a folder of an earlier visit, which a browser opens only after a click: to be called before anything is waited for.
 * @throws PageFailure `permission-needed` where the reader does not allow it.
 */
export async function allowPlace(place: ModelPlace): Promise<void> {
  if (place.kind !== "folder") return;
  const handle = place.handle as FileSystemDirectoryHandle & {
    requestPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
  };
  // It throws where there was no click.
  const state = await handle.requestPermission?.({ mode: "read" }).catch((): PermissionState => "prompt");
  if (state !== "granted" && state !== undefined) throw new PageFailure({ code: "permission-needed", message: "" });
}

/** Chooses a model that was kept, once it may be read. */
export async function chooseKept({ place, name }: KeptModel): Promise<boolean> {
  modelProblem.value = undefined;
  try {
    await allowPlace(place);
  } catch (error) {
    modelProblem.value = problemOf(error);
    return false;
  }
  chooseModel(place, name);
  return true;
}

async function isKept(folder: string): Promise<boolean> {
  return (await database.models()).some(({ place }) => place.kind === "kept" && place.folder === folder);
}

/** What is on this machine already. What is left of copies and conversions that did not come to their end is deleted. */
export async function readKept(): Promise<void> {
  await Promise.all([deleteUnknownFolders(isKept), deleteUnheldDownloads()]).catch(() => undefined);
  keptModels.value = await database.models().catch(() => []);
  hubCacheUsed.value = await caches.has("longspan-hub").catch(() => false);
  usedBytes.value = (await navigator.storage.estimate().catch(() => undefined))?.usage ?? 0;
}

async function rememberFolder(place: Extract<ModelPlace, { kind: "folder" }>, name: string): Promise<void> {
  const same = await Promise.all(
    keptModels.peek().map(async (kept) => kept.place.kind === "folder" && (await kept.place.handle.isSameEntry(place.handle))),
  );
  if (same.includes(true)) return;
  await database.saveModel({ id: place.id, name, place, bytes: 0 }).catch(() => undefined);
  await readKept();
}

function keptId(place: ModelPlace): string {
  const text = placeKey(place);
  let sum = 5381;
  for (let index = 0; index < text.length; index++) sum = (sum * 33 + text.charCodeAt(index)) >>> 0;
  return `copy-${sum.toString(36)}`;
}

/** Copies the chosen files into the browser's private file system. */
export async function keepChosen(): Promise<void> {
  const chosen = chosenModel.peek();
  if (chosen?.place.kind !== "files") return;
  const id = keptId(chosen.place);
  keeping.value = { stage: "keep", item: "", done: 0, total: 0, unit: "bytes" };
  try {
    await navigator.storage.persist().catch(() => false);
    const { place, name } = chosen;
    await holdingKeptFolder(id, async () => {
      // Another tab may have been quicker.
      if (await isKept(id)) return;
      const { bytes } = await work.call("keep", { place, folder: id }, { onProgress: (event) => (keeping.value = event) });
      await database.saveModel({ id, name, place: { kind: "kept", folder: id }, bytes });
    });
  } catch (error) {
    modelProblem.value = problemOf(error);
  } finally {
    keeping.value = undefined;
    await readKept();
  }
}

export async function forgetModel({ id, place }: KeptModel): Promise<void> {
  const chosen = chosenModel.peek()?.place;
  // A visit that was restored has a copy of its place.
  if (chosen !== undefined && placeKey(chosen) === placeKey(place)) {
    // Of a worker that is gone, nothing is left to be freed.
    await unloadModel().catch(() => undefined);
    chosenModel.value = undefined;
  }
  if (place.kind === "kept") await deleteKeptFolder(place.folder);
  await database.deleteModel(id);
  await readKept();
}

export async function deleteHubCache(): Promise<void> {
  await caches.delete("longspan-hub");
  await readKept();
}

/** What a set of chosen files is called. */
export function nameOfFiles(files: readonly ChosenFile[]): string {
  const [first] = files;
  if (first === undefined) return "";
  return first.path.includes("/") ? (first.path.split("/")[0] ?? first.path) : first.path;
}
