// The page's worker: everything that takes time. One call after another, in the order in which they come.
import type { CallName, FromWorker, Progress, Request, Result, ToWorker } from "../protocol/calls.ts";
import { allowPlaces } from "./allowed-places.ts";
import { ask, explain } from "./answers.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { convert } from "./convert.ts";
import { openDocument } from "./documents.ts";
import { keepModel } from "./keep.ts";
import { createModels, type StepOptions } from "./models.ts";
import { problemOf } from "./problem-of.ts";
import { findRuntimes } from "./runtimes.ts";
import { statisticsOf } from "./statistics.ts";

type Handlers = { readonly [Name in CallName]: (request: Request<Name>, options: StepOptions) => Promise<Result<Name>> };

const models = createModels();
const checkpoints = createCheckpoints();

const handlers: Handlers = {
  runtimes: findRuntimes,
  async read(request, { signal }) {
    const { text, warnings } = await openDocument(request, signal);
    return { text, warnings };
  },
  load: async (request, options) => (await models.ready(request, options)).facts,
  unload: async () => models.close().then(() => null),
  ask: (request, options) => models.keepingWhole(() => ask(models, request, options)),
  explain: (request, options) => models.keepingWhole(() => explain(models, request, options)),
  closeExplanation: async () => models.closeAttention().then(() => null),
  inspect: ({ slot, place }, options) => checkpoints.open(slot, place, options),
  close: async ({ slot }) => checkpoints.close(slot).then(() => null),
  async statistics({ slot, place, tensor }, options) {
    const found = (await checkpoints.get(slot, place, options)).tensors[tensor];
    if (found === undefined) throw new RangeError(`there is no tensor ${tensor}`);
    return statisticsOf(found.tensor, options);
  },
  compare: (request, options) => checkpoints.compare(request, options),
  plan: (request, options) => checkpoints.plan(request, options),
  convert: async (request, options) => convert(await checkpoints.get("convert", request.place, options), request, options),
  keep: ({ place, folder }, options) => keepModel(place, folder, options),
};

const controllers = new Map<number, AbortController>();
let queue: Promise<void> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<ToWorker | { readonly kind: "policy"; readonly connect: readonly string[] }>) => {
  if (data.kind === "policy") allowPlaces(data.connect);
  else if (data.kind === "cancel") controllers.get(data.id)?.abort();
  else {
    const { id, name, request } = data;
    const controller = new AbortController();
    controllers.set(id, controller);
    queue = queue.then(() => answer(id, name, request, controller.signal));
  }
});

async function answer(id: number, name: CallName, request: unknown, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted();
    const handler = handlers[name] as (request: unknown, options: StepOptions) => Promise<unknown>;
    post({ kind: "done", id, result: await handler(request, { signal, report: reporter(id) }) });
  } catch (error) {
    post({ kind: "failed", id, problem: problemOf(error, { name, request }, signal) });
  } finally {
    controllers.delete(id);
  }
}

/** At most twenty reports a second, and always the last of a stage: what the reader sees of 277 of them. */
function reporter(id: number): (progress: Progress) => void {
  let [at, stage] = [0, ""];
  return (progress) => {
    const now = performance.now();
    if (progress.stage === stage && now - at < 50 && progress.done < progress.total) return;
    [at, stage] = [now, progress.stage];
    post({ kind: "progress", id, progress });
  };
}

function post(message: FromWorker): void {
  self.postMessage(message);
}

// Whoever waits for this lock learns that the worker is gone, however it ended: workers have no event for that.
const lock = `longspan-worker-${crypto.randomUUID()}`;
void navigator.locks
  .request(lock, () => {
    post({ kind: "started", lock });
    return new Promise<never>(() => undefined);
  })
  .catch(() => {
    // A browser that keeps nothing of sites has no locks for them either: of its end only an error tells.
  });
