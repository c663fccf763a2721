import { once } from "node:events";
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { LongspanError } from "@longspan/core";
import type { OptionNames } from "@longspan/core/adapter";
import { checkServeOptions } from "./check-serve-options.ts";
import { answeringOptionNames, inferenceApp, type InferenceAppOptions } from "./inference-app.ts";
import { engineOptionNames, inferenceEngine } from "./inference-engine.ts";
import type { WithModel } from "./served-job.ts";

/** How a model is served. */
export interface ServeOptions extends Omit<InferenceAppOptions, "engine"> {
  /** Opens the model, has it used, and frees it; called again when the model is lost. */
  readonly withModel: WithModel;
  /** The address it listens on: `127.0.0.1` is this machine alone, `0.0.0.0` the network. */
  readonly host: string;
  /** 0 is any that is free. */
  readonly port: number;
  /** Inputs that may wait or be under way, of all requests; beyond, requests get 429. */
  readonly capacity: number;
  /** Milliseconds that an input may take. */
  readonly timeout: number;
  /** Takes no further requests when it is aborted, and ends when all that were taken are answered. */
  readonly signal: AbortSignal;
  /** Told the address when requests are answered: when the model is open for the first time. */
  readonly onListening: (address: string) => void;
  /** Told when the model is lost and opened again. */
  readonly onLost: (error: unknown) => void;
}

const optionNames: OptionNames<ServeOptions> = {
  ...engineOptionNames,
  host: true,
  port: true,
  ...answeringOptionNames,
  signal: true,
  onListening: true,
};

/**
 * Serves a model over HTTP until the signal, and then until all is answered. It listens at once: until the model is open, `/health` says that it starts, and requests get 503.
 * @throws LongspanError what opening the model throws; `io-failed` for an address that cannot be had; `argument-invalid` for options that are none.
 */
export async function serveInference(options: ServeOptions): Promise<void> {
  checkServeOptions(options, optionNames, "serveInference");
  const { withModel, host, port, capacity, timeout, signal, onListening, onLost, ...answering } = options;
  let isAnnounced = false;
  let arrivals = 0;
  const engine = inferenceEngine({
    capacity,
    timeout,
    onLost,
    withModel: async (use) =>
      withModel(async (runJobs) => {
        const answering = use(runJobs);
        if (!isAnnounced) onListening(addressOf(server));
        isAnnounced = true;
        return answering;
      }),
  });

  const addressOf = (listening: Server): string => {
    const address = listening.address();
    const name = host.includes(":") ? `[${host}]` : host;
    return `http://${name}:${typeof address === "object" && address !== null ? address.port : port}`;
  };
  const server = await listen(inferenceApp({ ...answering, engine }).fetch, host, port);
  server.on("connection", () => arrivals++);
  server.on("request", () => arrivals++);

  const drain = (): void => {
    engine.drain();
    server.close();
  };
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    engine.announceEnd();
    let [seen, times] = [arrivals, 0];
    // A runtime that keeps the process busy keeps it from seeing who has come: as long as somebody comes, there may be others.
    timer = setInterval(() => {
      if (arrivals === seen || ++times === maxGraces) drain();
      seen = arrivals;
    }, graceMilliseconds);
  };
  signal.addEventListener("abort", begin, { once: true });
  if (signal.aborted) begin();
  try {
    await engine.run();
  } finally {
    signal.removeEventListener("abort", begin);
    clearInterval(timer);
    server.close();
    // Answers that are written go out first.
    await new Promise((resolve) => {
      setTimeout(resolve, lastWordsMilliseconds);
    });
    server.closeAllConnections();
  }
}

async function listen(fetch: (request: Request) => Response | Promise<Response>, host: string, port: number): Promise<Server> {
  const server = serve({ fetch, hostname: host, port }) as Server;
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LongspanError("io-failed", `${host}:${port} cannot be listened on: ${why}. Say another --port or --host.`, {
      cause: error,
      details: { host, port },
    });
  }
}

/** Who has connected by the signal, and those whom a balancer still sends, are answered. */
const graceMilliseconds = 250;
const maxGraces = 20;

/** For what is written when the last answer is there. */
const lastWordsMilliseconds = 100;
