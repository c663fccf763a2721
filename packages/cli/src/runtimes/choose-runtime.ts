import { type DataType, LongspanError } from "@longspan/core";
import type { Runtime } from "@longspan/core/runtime";
import type { RuntimeCandidate } from "./runtime-candidate.ts";
import { standardCandidates } from "./standard-candidates.ts";

/** What a runtime has to be able to do. */
export interface RuntimeNeeds {
  /** Give attention probabilities. */
  readonly attentionWeights?: boolean | undefined;
  /** Compute in this type. */
  readonly dataType?: DataType | undefined;
  /** Compute with so many threads, where the runtime is ort. */
  readonly threads?: number | undefined;
}

/** A runtime, and why it was chosen. */
export interface ChosenRuntime {
  /** Ready to prepare models; nothing is open yet. */
  readonly runtime: Runtime;
  /** For people: what it is, and why none that is faster. */
  readonly reason: string;
}

/**
 * The fastest runtime that this machine has, and why: a GPU if there is a real one (package `webgpu`), else `onnxruntime-node`, else
 * `onnxruntime-web` on WebAssembly, else the reference runtime.
 * @throws LongspanError `argument-invalid` when none can do what is needed.
 */
export async function chooseRuntime(
  needs: RuntimeNeeds = {},
  candidates: readonly RuntimeCandidate[] = standardCandidates,
): Promise<ChosenRuntime> {
  const obstacles: string[] = [];
  for (const { name, find } of candidates) {
    const found = await find(needs);
    const obstacle = "obstacle" in found ? found.obstacle : lacking(found.runtime, needs);
    if (obstacle === undefined && "runtime" in found) {
      const { runtime, description } = found;
      return { runtime, reason: obstacles.length === 0 ? description : `${description} (${obstacles.join("; ")})` };
    }
    obstacles.push(`${name}: ${obstacle}`);
  }
  throw new LongspanError(
    "argument-invalid",
    `No runtime here can do this (${obstacles.join("; ")}). longspan doctor says what to install.`,
    {
      details: { ...needs },
    },
  );
}

function lacking({ capabilities }: Runtime, { attentionWeights, dataType }: RuntimeNeeds): string | undefined {
  if (attentionWeights === true && !capabilities.attentionWeights) return "gives no attention probabilities";
  if (dataType !== undefined && !capabilities.dataTypes.includes(dataType)) return `does not compute in ${dataType}`;
  return undefined;
}
