/** torch/distributed/checkpoint/_hf_utils.py, `_gen_file_name`: the rank, then the file of the model that the tensors belong to. */
export const safetensorsShardPattern: RegExp = /^shard-\d{5}-model-\d{5}-of-\d{5}\.safetensors$/;
