"""Loads every file that Longspan wrote with the framework it was written for, and compares each value bit for bit.

Called by run.ts with a JSON list of jobs: {"source": a fixture, "values": the one whose .expected.json has its values, "target", "path", "head"}.
Needs the environments of fixtures/requirements.txt and interop/requirements.txt. The Paddle names come from fixtures/paddle_names.py, written apart from Longspan.
"""

import json
import os
import pathlib
import sys
import warnings

from jobs import ROOT, check_jobs, conversion, expected_values

os.environ["CUDA_VISIBLE_DEVICES"] = ""
sys.path.insert(0, str(ROOT / "fixtures"))
warnings.filterwarnings("ignore")

import numpy
import torch
import lightning
import onnx
import paddle
import pytorch_lightning
import safetensors.torch
import transformers

from paddle_names import is_transposed, paddle_name
from torch_models import model_class

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)

TRUNK = ("embeddings.", "encoder.", "pooler.")
# Second names of a parameter's values in a state dict.
TIED = {"lm_head.decoder.weight": "embeddings.word_embeddings.weight", "lm_head.decoder.bias": "lm_head.bias"}


def same(name, found, wanted):
    found = numpy.ascontiguousarray(found)
    assert found.shape == wanted.shape, f"{name}: shape {found.shape}, expected {wanted.shape}"
    assert found.tobytes() == numpy.ascontiguousarray(wanted).tobytes(), f"{name}: values differ"


def compare(state, values, name_of, turned=lambda name: False):
    """Every tensor of `state` is a value, every value (but an unused pooler) is in `state`."""
    names = {name_of(name): name for name in values}
    for written, tensor in state.items():
        canonical = names.pop(written, None)
        if canonical is None:
            canonical = TIED[written]
        wanted = values[canonical].T if turned(canonical) else values[canonical]
        same(written, tensor, wanted)
    left = [name for name in names.values() if not name.startswith("pooler.") and name not in TIED]
    assert not left, f"not written: {left}"
    return len(state)


def torch_name(head, prefix="longformer."):
    return lambda name: (prefix if head != "model" and name.startswith(TRUNK) else "") + name


def module_name(name):
    """The module of the conversion script keeps its trunk under `model`, whatever the head."""
    return ("model." if name.startswith(TRUNK) else "") + name


def numpy_of(state):
    return {name: tensor.detach().numpy() for name, tensor in state.items()}


def load_hugging_face(path, head, values):
    model, information = model_class(head).from_pretrained(path, output_loading_info=True)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not information[key], f"{key}: {information[key]}"
    return compare(numpy_of(model.state_dict()), values, torch_name(head))


def state_dict_files(path):
    index = path / "pytorch_model.bin.index.json"
    if index.exists():
        return sorted({path / name for name in json.loads(index.read_text())["weight_map"].values()})
    return [path / "pytorch_model.bin"]


def check_hf(path, head, values):
    for file in path.glob("*.safetensors"):
        safetensors.torch.load_file(file)
    return load_hugging_face(path, head, values)


def check_torch(path, head, values, memory_maps=(False, True)):
    count = 0
    for memory_map in memory_maps:
        state = {}
        for file in state_dict_files(path):
            state.update(torch.load(file, weights_only=True, mmap=memory_map))
        count = compare(numpy_of(state), values, torch_name(head))
    model = model_class(head)(transformers.LongformerConfig.from_pretrained(path))
    result = model.load_state_dict(state, strict=False)
    tied = set(TIED) if head == "masked-lm" else set()
    assert set(result.missing_keys) <= tied and not result.unexpected_keys, str(result)
    return count


def check_torch_legacy(path, head, values):
    return check_torch(path, head, values, memory_maps=(False,))


def module_class(base, config, pooler):
    class QuestionAnswering(base):
        """The module of the conversion script for Lightning checkpoints."""

        def __init__(self):
            super().__init__()
            self.model = transformers.LongformerModel(config, add_pooling_layer=pooler)
            self.num_labels = 2
            self.qa_outputs = torch.nn.Linear(config.hidden_size, self.num_labels)

    return QuestionAnswering


def check_lightning(path, head, values):
    file = path / "model.ckpt"
    state = torch.load(file, weights_only=True)["state_dict"]
    count = compare(numpy_of(state), values, module_name)
    if head != "question-answering":
        return count
    config = transformers.LongformerConfig.from_pretrained(path)
    pooler = "model.pooler.dense.weight" in state
    for base in (lightning.LightningModule, pytorch_lightning.LightningModule):
        module = module_class(base, config, pooler).load_from_checkpoint(file, map_location="cpu", strict=True)
        compare(numpy_of(module.state_dict()), values, module_name)
    return count


def paddle_names_of(head):
    return lambda name: paddle_name(name, trunk="" if head == "model" else "longformer.")


def check_paddle(path, head, values):
    state = paddle.load(str(path / "model_state.pdparams"))
    return compare({name: tensor.numpy() for name, tensor in state.items()}, values, paddle_names_of(head), is_transposed)


def check_paddle_safetensors(path, head, values):
    state = {}
    for file in sorted(path.glob("*.safetensors")):
        state.update(safetensors.numpy.load_file(file))
        with safetensors.safe_open(file, "np") as opened:
            assert opened.metadata() == {"format": "np"}, opened.metadata()
    return compare(state, values, paddle_names_of(head), is_transposed)


def check_onnx(path, head, values):
    model = onnx.load(path / "model.onnx")
    state = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer if "/" not in tensor.name}
    return compare(state, values, lambda name: name)


CHECKS = {
    "hf": check_hf,
    "torch": check_torch,
    "torch-legacy": check_torch_legacy,
    "lightning": check_lightning,
    "paddle": check_paddle,
    "paddle-safetensors": check_paddle_safetensors,
    "onnx": check_onnx,
}


def check(job):
    count = CHECKS[job["target"]](pathlib.Path(job["path"]), job["head"], expected_values(job["values"]))
    return f"{count} tensors, all bits equal"


versions = ", ".join(f"{module.__name__} {module.__version__}" for module in (torch, transformers, lightning, pytorch_lightning, paddle, onnx))
print(versions)
check_jobs(check, conversion, "files")
