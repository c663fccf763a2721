import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { InferenceEngine } from "./inference-engine.ts";

/** What a server counts, for Prometheus. */
export interface ServerMetrics {
  readonly contentType: string;
  /** A request has its answer. */
  request(route: string, status: number, seconds: number): void;
  /** Inputs of a request have results. */
  inputs(count: number): void;
  text(): Promise<string>;
}

export function serverMetrics(engine: InferenceEngine): ServerMetrics {
  // Of its own: several servers in one process do not share counts.
  const registers = [new Registry()];
  const [register] = registers as [Registry];
  collectDefaultMetrics({ register });
  const requests = new Counter({ name: "longspan_requests_total", help: "Requests answered", labelNames: ["route", "status"], registers });
  const seconds = new Histogram({
    name: "longspan_request_seconds",
    help: "Time from a request to its answer",
    labelNames: ["route"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const inputs = new Counter({ name: "longspan_inputs_total", help: "Inputs that have a result", registers });
  const waiting = new Gauge({ name: "longspan_inputs_waiting", help: "Inputs that have no result yet", registers });
  const reopened = new Gauge({ name: "longspan_model_reopened", help: "How often the model was lost and opened again", registers });
  return {
    contentType: register.contentType,
    request(route, status, taken) {
      requests.inc({ route, status });
      seconds.observe({ route }, taken);
    },
    inputs: (count) => inputs.inc(count),
    async text() {
      waiting.set(engine.waiting);
      reopened.set(engine.reopened);
      return register.metrics();
    },
  };
}
