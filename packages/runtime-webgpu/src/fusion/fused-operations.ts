import { type Operation, operationSet, type OperationSet, standardOperations } from "@longspan/core/graph";
import { addNormalization } from "./add-normalization.ts";
import { embeddingNormalization } from "./embedding-normalization.ts";
import { linearActivation } from "./linear-activation.ts";
import { linearAddNormalization } from "./linear-add-normalization.ts";
import { linearAdd } from "./linear-add.ts";
import { multiplySum } from "./multiply-sum.ts";
import { tripleLinear } from "./triple-linear.ts";

/** Operations that only this runtime has: standard ones put together, because one kernel, or one loop of the host, does them with less memory traffic. */
export const fusedOperations: readonly Operation[] = [
  linearActivation,
  linearAdd,
  linearAddNormalization,
  tripleLinear,
  addNormalization,
  embeddingNormalization,
  multiplySum,
];

/** All that this runtime's graphs are made of, after `fuseForGpu`. */
export const gpuOperations: OperationSet = /*#__PURE__*/ operationSet([...standardOperations.values(), ...fusedOperations]);
