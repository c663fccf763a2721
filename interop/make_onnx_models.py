"""Writes seeded Longformers, as transformers' `save_pretrained` does, for check_onnx_files.py: `python make_onnx_models.py FOLDER`.

A tiny one of every head, with 4,096 positions, three layers and three windows; and one of the published base shape. Weights are large
enough for attention to matter, and no bias and no LayerNorm parameter is 0 or 1.
"""

import json
import pathlib
import sys
import zlib

from jobs import ROOT

sys.path.insert(0, str(ROOT / "fixtures"))

import torch
import transformers

from torch_models import CLASSES, model_class

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

LABELS = {"sequence-classification": 3, "token-classification": 5}
COMMON = {
    "max_position_embeddings": 4098,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "sep_token_id": 2,
    "eos_token_id": 2,
    "layer_norm_eps": 1e-5,
    "type_vocab_size": 1,
}
TINY = {
    **COMMON,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 120,
    "attention_window": [4, 512, 64],
}
BASE = {
    **COMMON,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "vocab_size": 50265,
    "attention_window": [512] * 12,
}


def seed(model, scale):
    """Each parameter is drawn from a generator of its own, seeded by its name."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
            values = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.25 * values if "norm.weight" in name.lower() else scale * values)


def write(folder, name, head, configuration, scale):
    labels = {"num_labels": LABELS[head]} if head in LABELS else {}
    model = model_class(head)(transformers.LongformerConfig(**configuration, **labels))
    seed(model, scale)
    model.save_pretrained(folder / name)
    return {"name": name, "head": head, "path": str(folder / name), "size": "base" if configuration is BASE else "tiny"}


def main():
    folder = pathlib.Path(sys.argv[1])
    models = [write(folder, head, head, TINY, 0.3) for head in CLASSES]
    models.append(write(folder, "two-token-types", "question-answering", {**TINY, "type_vocab_size": 2, "pad_token_id": 0}, 0.3))
    models.append(write(folder, "base", "question-answering", BASE, 0.05))
    (folder / "models.json").write_text(json.dumps(models))


main()
