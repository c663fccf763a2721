import type { Graph } from "@longspan/core/graph";
import { acceptGraph, chosenDataType, type PrepareOptions, type Runtime, type Session, type Weights } from "@longspan/core/runtime";
import { featureMissing } from "../device/open-device.ts";
import type { SharedDevice } from "../device/shared-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import { fuseForGpu } from "../fusion/index.ts";
import type { LinearTuning } from "../kernels/linear/check-tuning.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { neededKernels } from "./needed-kernels.ts";
import { prepareSession } from "./prepare-session.ts";
import { tunedKernels, type TunedKernels } from "./tuned-kernels.ts";

export interface OpenSessionRequest {
  readonly runtime: Pick<Runtime, "name" | "capabilities">;
  /** As given to `prepare`, as are the weights. */
  readonly graph: Graph;
  readonly weights: Weights;
  /** As given to `webgpu`. */
  readonly tuning: LinearTuning | "measured" | "rules";
  readonly store: TuningStore;
  readonly options: PrepareOptions;
  /** Called once the session has freed everything. */
  readonly disposed: (session: Session) => void;
}

/** A session for a graph on the runtime's device, which it borrows. */
export async function openSession(shared: SharedDevice, request: OpenSessionRequest): Promise<Session> {
  const { runtime, graph, weights, tuning, options } = request;
  const fitted = acceptGraph(graph, runtime);
  const fused = fuseForGpu(fitted, { joinProjections: true });
  const makeTable = await neededKernels(fused);
  const storage = chosenDataType(runtime, options) === "float16" ? "float16" : "float32";
  const loan = await shared.borrow();
  try {
    const { live } = loan;
    const { facts } = live;
    if ((options.profile ?? false) !== false && !facts.timestamps)
      throw featureMissing(["timestamp-query"], `device "${facts.name}"`, "Prepare the session without `profile`");
    const { signal } = options;
    const isMeasured = tuning === "measured" && facts.kind === "gpu";
    const { kernels, unmeasured }: TunedKernels = isMeasured
      ? await tunedKernels(live, fused, makeTable, storage, request.store, { signal })
      : { kernels: makeTable({ products: chooseTiling(typeof tuning === "string" ? undefined : tuning) }), unmeasured: undefined };
    const session: Session = await prepareSession(loan, {
      graph,
      fitted,
      fused,
      weights,
      kernels,
      unmeasured,
      // What is measured for so many global tokens may be other kernels than for one.
      typical: { few: isMeasured },
      storage,
      options,
      disposed: () => request.disposed(session),
    });
    return session;
  } catch (error) {
    loan.giveBack();
    throw error;
  }
}
