import { throwIfAborted } from "@longspan/core/adapter";
import { type Graph, type GraphTensor, selectOutputs } from "@longspan/core/graph";
import {
  createSession,
  type PrepareOptions,
  type RunOptions,
  type Session,
  type SessionProfile,
  type Weights,
} from "@longspan/core/runtime";
import { promisesAreAskedFor } from "#gpu";
import type { DeviceLoan } from "../device/shared-device.ts";
import { gpuOperations } from "../fusion/index.ts";
import { kernelText, type Dispatch } from "../kernel/kernel.ts";
import type { KernelTable } from "../kernel/operation-kernels.ts";
import { checkedResults } from "../plan/overflow-check.ts";
import type { GraphPlan } from "../plan/graph-plan.ts";
import { planGraph } from "../plan/plan-graph.ts";
import { evaluateHostPart, planKeyOf, splitGraph, type SplitGraph } from "../plan/split-graph.ts";
import { bindPlan, type BoundPlan } from "./bind-plan.ts";
import { createBufferPool } from "./buffer-pool.ts";
import { loadWeights } from "./load-weights.ts";
import { createPace, type Pace } from "./pace.ts";
import { createReadbackPool } from "./readback-buffers.ts";
import { createSpeed } from "./split-submits.ts";
import { submitPlan } from "./submit-plan.ts";
import type { Timestamps } from "./timestamps.ts";
import { plannableGraph, typicalPlans, type PlannableGraph } from "./typical-plans.ts";
import type { TypicalRunOptions } from "../plan/typical-runs.ts";
import type { Unmeasured } from "../tuning/measured-tuning.ts";
import { warmUp } from "../device/warm-up.ts";

export interface SessionRequest {
  /** As given to `prepare`. */
  readonly graph: Graph;
  /** In operations the runtime has. */
  readonly fitted: Graph;
  /** The same in fewer steps: see `fuseForGpu`. */
  readonly fused: Graph;
  readonly weights: Weights;
  readonly kernels: KernelTable;
  /** What tells other kernels, which take and give the same, once it has measured some: while nothing else is done on the device. */
  readonly unmeasured: Unmeasured<KernelTable> | undefined;
  /** Of runs that kernels are compiled for before any. */
  readonly typical: TypicalRunOptions;
  /** How weights are kept. */
  readonly storage: "float32" | "float16";
  readonly options: PrepareOptions;
  /** Called once the session has freed everything. */
  readonly disposed: () => void;
}

/** How many sizes of runs are kept planned. */
const maxPlans = 8;

/** What is run of the graph where some outputs are asked for. */
interface SplitPart {
  readonly split: SplitGraph;
  /** Tells the plans of the parts apart. */
  readonly number: number;
}

interface KeptPlan {
  readonly bound: BoundPlan;
  readonly pace: Pace;
  readonly timestamps: Timestamps | undefined;
}

/** A session on a borrowed device; it gives the device back when it is disposed. */
export async function prepareSession(loan: DeviceLoan, request: SessionRequest): Promise<Session> {
  const { live } = loan;
  const { graph, fitted, fused, unmeasured, options } = request;
  let { kernels } = request;
  let plannable = plannableGraph(fused, kernels, request.storage, live.facts);
  const compiling = compileTypical(loan, plannable, request.typical);
  compiling.catch(() => undefined);
  let isLoaded = false;
  // Loading takes longer than compiling what is needed: what may be needed is compiled meanwhile.
  compiling.then(() => unmeasured?.compile(() => isLoaded)).catch(() => undefined);
  const weights = await loadWeights(live, fused, request.weights, plannable.tensors, options).finally(() => {
    isLoaded = true;
  });
  try {
    await live.guard(compiling);
    throwIfAborted(options.signal);
    if (unmeasured !== undefined) {
      kernels = await unmeasured.measure();
      plannable = plannableGraph(fused, kernels, request.storage, live.facts);
      await live.guard(compileTypical(loan, plannable, request.typical));
      throwIfAborted(options.signal);
    }
  } catch (error) {
    weights.destroy();
    throw error;
  }

  const { splitOptions } = plannable;
  const pool = createBufferPool(live);
  const readback = createReadbackPool(live);
  const speed = createSpeed();
  const parts = new Map<Graph, SplitPart>([[fitted, { split: plannable.split, number: 0 }]]);
  const plans = new Map<string, KeptPlan>();
  const timed = options.profile ?? false;
  let profile: SessionProfile | undefined;

  const splitOf = (part: Graph): SplitPart => {
    const found = parts.get(part);
    if (found !== undefined) return found;
    const names = part.outputs.map((output) => output.name);
    const split = { split: splitGraph(selectOutputs(fused, names), kernels, splitOptions), number: parts.size };
    parts.set(part, split);
    return split;
  };
  const planOf = async (
    { split, number }: SplitPart,
    known: ReadonlyMap<string, GraphTensor>,
    dimensions: ReadonlyMap<string, number>,
  ): Promise<KeptPlan> => {
    const key = `${number}: ${planKeyOf(split, known, dimensions)}`;
    const kept = plans.get(key) ?? (await newPlan(split, known, dimensions));
    plans.delete(key);
    plans.set(key, kept);
    for (const [oldest, old] of plans) {
      if (plans.size <= maxPlans) break;
      plans.delete(oldest);
      discard(old);
    }
    return kept;
  };
  const newPlan = async (
    split: SplitGraph,
    hostValues: ReadonlyMap<string, GraphTensor>,
    dimensions: ReadonlyMap<string, number>,
  ): Promise<KeptPlan> => {
    const plan = planGraph({ split, facts: live.facts, parameters: weights.tensors, dimensions, hostValues });
    const bound = await bindPlan(live, plan, weights, pool);
    try {
      const timestamps = timed !== false && plan.steps.length > 0 ? await timestampsOf(plan, timed === "run" ? "run" : "step") : undefined;
      return { bound, pace: createPace({ sleeps: promisesAreAskedFor }), timestamps };
    } catch (error) {
      bound.destroy();
      throw error;
    }
  };

  const timestampsOf = async ({ steps }: GraphPlan, of: Timestamps["of"]): Promise<Timestamps> =>
    (await import("./timestamps.ts")).createTimestamps(live, steps, of);

  let last: Promise<unknown> = Promise.resolve();
  /** One after the other. */
  const inTurn = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const result = last.then(run, run);
    last = result.catch(() => undefined);
    return result;
  };

  return createSession({
    graph,
    fitted,
    device: live.facts.name,
    // The queue copies them, and so do outputs that the host knows.
    leavesInputs: true,
    async execute(part, { tensors, dimensions }, runOptions: RunOptions) {
      const submitted = await inTurn(async () => {
        live.check();
        const started = performance.now();
        const splitPart = splitOf(part);
        const known = evaluateHostPart(splitPart.split, tensors, dimensions, gpuOperations);
        const { bound, pace, timestamps } = await planOf(splitPart, known, dimensions);
        const run = await submitPlan({ live, bound, pool, readback, weights, known, pace, speed, timestamps, options: runOptions });
        const results = async (): Promise<Record<string, GraphTensor>> => checkedResults(await run.outputs(), bound.plan.outputs);
        if (timed === false) return { outputs: results };
        // Its timestamps are the plan's: the next run would write over them.
        const outputs = await results();
        profile = { device: live.facts.name, milliseconds: performance.now() - started, ...(await run.times()) };
        return { outputs: () => Promise.resolve(outputs) };
      });
      return submitted.outputs();
    },
    ...(timed === false ? {} : { profile: () => profile }),
    free() {
      for (const kept of plans.values()) discard(kept);
      plans.clear();
      pool.destroy();
      readback.destroy();
      weights.destroy();
      loan.giveBack();
      request.disposed();
    },
  });
}

function discard({ bound, timestamps }: KeptPlan): void {
  bound.destroy();
  timestamps?.destroy();
}

/** Compiles what typical runs need, so that the first real one need not wait. */
async function compileTypical({ live }: DeviceLoan, graph: PlannableGraph, options: TypicalRunOptions): Promise<void> {
  const dispatches = new Map<string, Dispatch>();
  for (const { steps } of typicalPlans(graph, live.facts, options))
    for (const { dispatch } of steps) dispatches.set(await kernelText(dispatch.kernel), dispatch);
  await warmUp(live, [...dispatches.values()]);
}
