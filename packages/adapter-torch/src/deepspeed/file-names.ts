/** The names of DeepSpeed's files: deepspeed/runtime/engine.py, `_get_ckpt_name` and `_get_zero_ckpt_name`. */

/** The model, whole (ZeRO 1, 2 and none). */
export const modelStatesName = "mp_rank_00_model_states.pt";

/** A rank's share of the model (ZeRO 3). */
export function partitionedModelStatesName(rank: number): string {
  return `zero_pp_rank_${rank}_mp_rank_00_model_states.pt`;
}

/** A rank's share of the optimizer, as it may be called. */
export function optimizerStatesNames(rank: number): readonly string[] {
  return ["bf16_", "", "fp16_"].map((prefix) => `${prefix}zero_pp_rank_${rank}_mp_rank_00_optim_states.pt`);
}

export const optimizerStatesPattern: RegExp = /^(?:(?:bf16|fp16)_)?(?:zero_pp_rank_\d+_)?(?:expp_rank_\d+_)?mp_rank_\d+_optim_states\.pt$/;
export const partitionedModelStatesPattern: RegExp = /^zero_pp_rank_\d+_mp_rank_\d+_model_states\.pt$/;
/** Of a tensor-parallel rank but the first; of a pipeline's layer or an expert. */
export const otherModelStatesPattern: RegExp =
  /^(?:mp_rank_(?!00_)\d+|layer_\d+-model_\d+|layer_\d+_expert_\d+_mp_rank_\d+)(?:-model_states|_model_states)\.pt$/;
/** Scripts that DeepSpeed copies beside the checkpoint. */
export const scriptNames: readonly string[] = ["zero_to_fp32.py", "zero_to_torch.py"];
/** Names the folder of the newest checkpoint. */
export const latestName = "latest";
