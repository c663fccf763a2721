import workUrl from "../work/work.ts?worker&url";
import type { CallName, FromWorker, Progress, Request, Result, ToWorker } from "../protocol/calls.ts";
import { PageFailure, type Problem } from "../protocol/problem.ts";

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Calls into the worker. It is started by the first of them, and again after it is gone. */
export interface WorkClient {
  call<Name extends CallName>(name: Name, request: Request<Name>, options?: CallOptions): Promise<Result<Name>>;
}

export interface WorkClientOptions {
  /** Told when the worker has gone, by itself or with a call that was cancelled: what it held is lost. */
  readonly onGone: () => void;
  /** What the page's policy lets it connect to. */
  readonly connect: readonly string[];
  /** Milliseconds after which a cancelled call that has not ended takes the worker with it. */
  readonly patience?: number | undefined;
}

interface Pending {
  readonly message: ToWorker & { readonly kind: "call" };
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: PageFailure) => void;
  readonly onProgress: CallOptions["onProgress"];
  cancelled: boolean;
}

export function createWorkClient({ onGone, connect, patience = 4000 }: WorkClientOptions): WorkClient {
  const pending = new Map<number, Pending>();
  let worker: Worker | undefined;
  let nextId = 1;

  function start(): Worker {
    const started = startWorker();
    started.postMessage({ kind: "policy", connect });
    started.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => receive(started, data));
    started.addEventListener("error", (event) => {
      event.preventDefault();
      gone(started, event.message ?? "");
    });
    worker = started;
    return started;
  }

  function receive(from: Worker, data: FromWorker): void {
    if (from !== worker) return;
    if (data.kind === "started") {
      void navigator.locks.request(data.lock, () => gone(from)).catch(() => undefined);
      return;
    }
    const call = pending.get(data.id);
    if (call === undefined) return;
    if (data.kind === "progress") {
      if (!call.cancelled) call.onProgress?.(data.progress);
      return;
    }
    pending.delete(data.id);
    if (data.kind === "done") call.resolve(data.result);
    else call.reject(new PageFailure(data.problem));
  }

  function gone(which: Worker, message = ""): void {
    if (which !== worker) return;
    which.terminate();
    worker = undefined;
    const lost = [...pending.values()];
    pending.clear();
    onGone();
    for (const call of lost) call.reject(new PageFailure({ code: "worker-gone", message }));
  }

  /** What is running cannot be interrupted: the worker ends, with all that it took, and the calls behind it go to a new one. */
  function replace(cancelled: number): void {
    if (!pending.has(cancelled)) return;
    const old = worker;
    worker = undefined;
    old?.terminate();
    onGone();
    pending.get(cancelled)?.reject(new PageFailure(aborted));
    pending.delete(cancelled);
    const next = start();
    for (const { message } of pending.values()) next.postMessage(message);
  }

  return {
    call<Name extends CallName>(name: Name, request: Request<Name>, { signal, onProgress }: CallOptions = {}): Promise<Result<Name>> {
      if (signal?.aborted === true) return Promise.reject(new PageFailure(aborted));
      const id = nextId++;
      const message = { kind: "call", id, name, request } as const;
      const result = new Promise<Result<Name>>((resolve, reject) => {
        pending.set(id, { message, resolve: resolve as (result: unknown) => void, reject, onProgress, cancelled: false });
      });
      const cancel = (): void => {
        const call = pending.get(id);
        if (call === undefined) return;
        worker?.postMessage({ kind: "cancel", id } satisfies ToWorker);
        // Calls run one after another: only the first is under way, and the others have nothing to free.
        if (pending.keys().next().value !== id) {
          pending.delete(id);
          call.reject(new PageFailure(aborted));
          return;
        }
        call.cancelled = true;
        setTimeout(() => replace(id), patience);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      (worker ?? start()).postMessage(message satisfies ToWorker);
      return result.finally(() => signal?.removeEventListener("abort", cancel));
    },
  };
}

const aborted: Problem = { code: "aborted", message: "Cancelled." };

/**
 * A worker of a blob takes this page's Content-Security-Policy, in whatever way it is served; one of a file would have that of the file's own
 * response, and on many servers none.
 */
function startWorker(): Worker {
  const source = `import ${JSON.stringify(new URL(workUrl, location.href).href)};`;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address, { type: "module", name: "longspan" });
  // It is fetched when the worker starts, which is after this.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return worker;
}
