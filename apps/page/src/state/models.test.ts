import { beforeEach, expect, test, vi } from "vitest";
import type { KeptModel } from "../storage/database.ts";
import { chosenModel, forgetModel, loadedModel } from "./models.ts";

const { calls, deleted } = vi.hoisted(() => ({ calls: [] as string[], deleted: [] as string[] }));

vi.mock("./work.ts", async () => ({
  work: { call: (name: string) => Promise.resolve(void calls.push(name)) },
  workerDeaths: (await import("@preact/signals")).signal(0),
  problemOf: ({ message }: Error) => ({ code: "unexpected", message }),
}));
vi.mock("../storage/database.ts", () => ({
  database: { models: () => Promise.resolve([]), deleteModel: (id: string) => Promise.resolve(void deleted.push(id)) },
}));
vi.mock("../storage/kept-folders.ts", () => ({
  deleteKeptFolder: (name: string) => Promise.resolve(void deleted.push(name)),
  deleteUnknownFolders: () => Promise.resolve(),
  deleteUnheldDownloads: () => Promise.resolve(),
}));

beforeEach(() => {
  calls.length = 0;
  deleted.length = 0;
  vi.stubGlobal("caches", { has: () => Promise.resolve(false) });
  vi.stubGlobal("navigator", { storage: { estimate: () => Promise.resolve({ usage: 0 }) } });
});

const copy: KeptModel = { id: "copy-1", name: "answers", place: { kind: "kept", folder: "copy-1" }, bytes: 2 };

test("a copy that is deleted is chosen no longer, whoever chose it", async () => {
  // A visit that is restored brings a place of its own, equal to that in the list.
  chosenModel.value = { place: structuredClone(copy.place), name: "answers" };
  await forgetModel(copy);
  expect(chosenModel.value).toBe(undefined);
  expect(loadedModel.value).toBe(undefined);
  expect(calls).toEqual(["unload"]);
  expect(deleted).toEqual(["copy-1", "copy-1"]);
});

test("another copy that is deleted leaves the chosen one", async () => {
  const other = { place: { kind: "kept", folder: "copy-2" }, name: "others" } as const;
  chosenModel.value = other;
  await forgetModel(copy);
  expect(chosenModel.value).toEqual(other);
  expect(calls).toEqual([]);
});
