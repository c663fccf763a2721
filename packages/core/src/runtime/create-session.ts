import { checkOptions, type OptionNames, wrongOption } from "../arguments/check-options.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Graph } from "../graph/graph.ts";
import { selectOutputs } from "../graph/passes/select-outputs.ts";
import type { GraphTensor } from "../graph/value.ts";
import { createInputCheck, type CheckedInputs, type InputMemory } from "./check-inputs.ts";
import type { RunOptions, Session, SessionInputs } from "./runtime.ts";

/** What a runtime brings to a session. */
export interface SessionParts {
  /** As it was given to `prepare`. */
  readonly graph: Graph;
  /** What is executed: see `fitGraph`. */
  readonly fitted: Graph;
  /** For people: what computes. */
  readonly device: string;
  /**
   * Runs the fitted graph, or the part of it that the outputs asked for need (the same object for the same outputs, so that it can key
   * what is kept between runs). The inputs are checked; the signal was not aborted yet.
   */
  readonly execute: (graph: Graph, inputs: CheckedInputs, options: RunOptions) => Promise<Record<string, GraphTensor>>;
  /**
   * Whether no output lies in an input's memory, and nothing looks at inputs any more once `execute` has settled: the inputs of later runs are then copied
   * to the same memory. Default: false.
   */
  readonly leavesInputs?: boolean;
  /** See `Session.profile`. */
  readonly profile?: Session["profile"];
  /** Frees what the session holds; called once, when nothing runs any more. */
  readonly free?: () => void | Promise<void>;
}

/** One run computes while another waits: more are rarely under way. */
const memoriesKept = 2;

const runOptionNames: OptionNames<RunOptions> = { outputs: true, signal: true, onProgress: true, reuse: true };

/** What every session does around its runs: checks at the door, outputs chosen, runs let end before anything is freed. */
export function createSession({ graph, fitted, device, execute, leavesInputs = false, profile, free }: SessionParts): Session {
  const checkInputs = createInputCheck(fitted);
  const selected = new Map<string, Graph>();
  const underWay = new Set<Promise<unknown>>();
  /** Of runs that are over. */
  const memories: InputMemory[] = [];
  let disposed: Promise<void> | undefined;

  const part = (outputs: readonly string[] | undefined): Graph => {
    if (outputs === undefined) return fitted;
    if (typeof outputs !== "object") throw wrongOption("outputs", outputs, "a list of names");
    const key = JSON.stringify(outputs.toSorted());
    const known = selected.get(key) ?? selectOutputs(fitted, outputs);
    selected.set(key, known);
    return known;
  };
  const start = async (inputs: SessionInputs, given: RunOptions | undefined): Promise<Record<string, GraphTensor>> => {
    if (disposed !== undefined) {
      throw new LongspanError("closed", `The session of graph "${graph.name}" is disposed; prepare it again.`, {
        details: { graph: graph.name },
      });
    }
    checkOptions(given, runOptionNames, "session.run");
    const options = given ?? {};
    throwIfAborted(options.signal);
    if (!isOutputs(options.reuse ?? {})) throw wrongOption("reuse", options.reuse, "what an earlier run gave");
    const wanted = part(options.outputs);
    if (!leavesInputs) return execute(wanted, checkInputs(inputs), options);
    const memory: InputMemory = memories.pop() ?? new Map();
    try {
      return await execute(wanted, checkInputs(inputs, memory), options);
    } finally {
      if (memories.length < memoriesKept) memories.push(memory);
    }
  };
  const end = async (): Promise<void> => {
    await Promise.allSettled(underWay);
    await free?.();
  };
  const dispose = (): Promise<void> => (disposed ??= end());
  return {
    graph,
    device,
    run(inputs, options) {
      const running = start(inputs, options).finally(() => underWay.delete(running));
      underWay.add(running);
      return running;
    },
    ...(profile === undefined ? {} : { profile }),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function isOutputs(given: object): boolean {
  return (
    typeof given === "object" && Object.values(given).every((tensor: Partial<GraphTensor> | undefined) => ArrayBuffer.isView(tensor?.data))
  );
}
