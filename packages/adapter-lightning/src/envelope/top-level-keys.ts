/**
 * The keys of a Lightning checkpoint, Lightning 0.6 to 2.6.
 * Source: `dump_checkpoint` in pytorch_lightning/trainer/training_io.py (0.x) and
 * lightning/pytorch/trainer/connectors/checkpoint_connector.py (1.x, 2.x); lightning/pytorch/callbacks/weight_averaging.py.
 */
export const stateDictKey = "state_dict";

/**
 * Where the sharded strategies keep the state dict instead: FSDP's, and DeepSpeed's.
 * Source: lightning/pytorch/strategies/fsdp.py and deepspeed.py, `save_checkpoint`.
 */
export const shardedStateDictKeys: readonly string[] = ["model", "module"];

/** Written since 0.8. */
export const versionKey = "pytorch-lightning_version";

/** The newest key first: `hparams` up to 0.7, `module_arguments` in 0.8's release candidates. */
export const hyperParameterKeys: readonly string[] = ["hyper_parameters", "hparams", "module_arguments"];

/** "Namespace" or "dict" as text in 0.7, the class of an OmegaConf container since 0.8. */
export const hyperParameterTypeKey = "hparams_type";

/** What a checkpoint holds besides the model, and why it stays behind. */
export const droppedKeys: ReadonlyMap<string, string> = /*#__PURE__*/ new Map([
  ["optimizer_states", "optimizer state: only the same training run can go on with it"],
  ["lr_schedulers", "learning-rate schedules: only the same training run can go on with them"],
  ["loops", "progress of the training loops"],
  ["callbacks", "state of Lightning callbacks"],
  ["MixedPrecision", "gradient scaler of mixed precision training"],
  ["MixedPrecisionPlugin", "gradient scaler of mixed precision training"],
  ["NativeMixedPrecisionPlugin", "gradient scaler of mixed precision training"],
  ["native_amp_scaling_state", "gradient scaler of mixed precision training"],
  ["amp_scaling_state", "gradient scaler of mixed precision training"],
  ["checkpoint_callback_best", "state of Lightning callbacks"],
  ["checkpoint_callback_best_model_score", "state of Lightning callbacks"],
  ["checkpoint_callback_best_model_path", "state of Lightning callbacks"],
  ["early_stop_callback_wait", "state of Lightning callbacks"],
  ["early_stop_callback_patience", "state of Lightning callbacks"],
  ["early_stop_callback_state_dict", "state of Lightning callbacks"],
  ["current_model_state", "the weights before averaging: Lightning keeps the averaged ones in state_dict, and those are taken"],
  ["averaging_state", "bookkeeping of weight averaging"],
]);
