export const optimizerReason = "optimizer state, which a model is not made of";

const optimizerKeys = new Set([
  "opt",
  "optim",
  "optimizer",
  "optimizer_state_dict",
  "opt_state_dict",
  "optimizer_state",
  "LR_Scheduler",
  "lr_scheduler",
  "scheduler",
  "master_weights",
  "scaler",
  "grad_scaler",
]);

/** Whether a key of a training file, or of a `.pdopt`, holds the optimizer's things. */
export function isOptimizerEntry(key: string): boolean {
  return optimizerKeys.has(key);
}

/** Accumulators as `paddle.optimizer` names them: `linear_0.w_0_moment1_0` (python/paddle/optimizer/optimizer.py, `_add_accumulator`). */
const accumulator =
  /_(?:moment[12]?(?:_max)?|velocity|inf_norm|momentum|mean_square|mean_grad|beta[12]_pow_acc|_avg_squared_(?:grad|update)|_?fp32_master)_\d+$/;

export function isOptimizerTensor(name: string): boolean {
  return accumulator.test(name);
}
