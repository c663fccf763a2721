"""What the Python frameworks do for the same conversions, for bench/convert.ts: lightning-to-hf or torch-to-paddle."""

import argparse
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""


def lightning_to_hf(source, config, output):
    """The steps of the transformers script for Lightning checkpoints, with the pooler that stops it taken out."""
    import torch
    import transformers

    torch.serialization.add_safe_globals([argparse.Namespace])
    settings = transformers.LongformerConfig.from_pretrained(config)
    state = torch.load(source, map_location="cpu", weights_only=True)["state_dict"]
    model = transformers.LongformerForQuestionAnswering(settings)
    trunk = {name[len("model.") :]: value for name, value in state.items() if name.startswith("model.") and "pooler" not in name}
    model.longformer.load_state_dict(trunk)
    model.qa_outputs.load_state_dict({name[len("qa_outputs.") :]: value for name, value in state.items() if name.startswith("qa_outputs.")})
    model.save_pretrained(output)


def torch_to_paddle(source, config, output):
    import paddle
    import torch

    state = torch.load(source, map_location="cpu", weights_only=True)
    linear = lambda name: name.endswith(".weight") and "embeddings" not in name and "LayerNorm" not in name
    arrays = {name: paddle.to_tensor((value.T if linear(name) else value).contiguous().numpy()) for name, value in state.items()}
    paddle.save(arrays, os.path.join(output, "model_state.pdparams"))


if __name__ == "__main__":
    os.makedirs(sys.argv[4], exist_ok=True)
    {"lightning-to-hf": lightning_to_hf, "torch-to-paddle": torch_to_paddle}[sys.argv[1]](*sys.argv[2:5])
