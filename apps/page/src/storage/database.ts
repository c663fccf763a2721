import type { ModelPlace } from "../protocol/model-place.ts";

/** A model that is on this machine already, for the next visit. */
export interface KeptModel {
  readonly id: string;
  readonly name: string;
  /** A folder of the reader's, or a copy in the browser's private file system. */
  readonly place: Extract<ModelPlace, { readonly kind: "folder" | "kept" }>;
  /** Of a copy; 0 for a folder, which takes nothing of the browser's room. */
  readonly bytes: number;
}

/** What a visit leaves for the next one. */
export interface KeptVisit {
  readonly document:
    | { readonly key: string; readonly name: string; readonly content: string | Blob; readonly suggestions: readonly string[] }
    | undefined;
  readonly model: ModelPlace | undefined;
  readonly modelName: string | undefined;
}

type KeptConversations = readonly (readonly [string, readonly unknown[]])[];

const stores = { models: "models", visit: "visit" } as const;

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("longspan", 1);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore(stores.models, { keyPath: "id" });
      request.result.createObjectStore(stores.visit);
    });
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("no database")));
  });
  return opened;
}

async function run<Result>(store: string, mode: IDBTransactionMode, step: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode);
    const request = step(transaction.objectStore(store));
    transaction.addEventListener("complete", () => resolve(request.result));
    transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("not stored")));
    transaction.addEventListener("error", () => reject(transaction.error ?? new Error("not stored")));
  });
}

export const database = {
  models: (): Promise<KeptModel[]> => run(stores.models, "readonly", (store) => store.getAll()),
  saveModel: (model: KeptModel): Promise<unknown> => run(stores.models, "readwrite", (store) => store.put(model)),
  deleteModel: (id: string): Promise<unknown> => run(stores.models, "readwrite", (store) => store.delete(id)),
  visit: (): Promise<KeptVisit | undefined> => run(stores.visit, "readonly", (store) => store.get("last")),
  saveVisit: (visit: KeptVisit): Promise<unknown> => run(stores.visit, "readwrite", (store) => store.put(visit, "last")),
  /** Questions and answers, by the document's id. */
  conversations: async (): Promise<KeptConversations> =>
    (await run<KeptConversations | undefined>(stores.visit, "readonly", (store) => store.get("conversations"))) ?? [],
  saveConversations: (kept: KeptConversations): Promise<unknown> =>
    run(stores.visit, "readwrite", (store) => store.put(kept, "conversations")),
};
