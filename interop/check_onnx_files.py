"""Checks ONNX files that Longspan wrote, against the transformers models they were made from.

Called by onnx.ts with a JSON list of jobs: {"name", "head", "model": folder of the transformers model, "path": the ONNX file, "weights":
"float32" | "float16" | "q8", "cases": "all" | "many" | "few" | "base", "tolerance"}. Each file has to pass onnx.checker with full shape inference, to have
symbolic batch and sequence, and to give what transformers gives, in onnxruntime.
"""

import json
import os
import pathlib
import sys
import tempfile
import time
import warnings

from jobs import ROOT, check_jobs

os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

sys.path.insert(0, str(ROOT / "fixtures"))

import numpy
import onnx
import onnxruntime
import torch
import transformers

from torch_models import model_class

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
# (length, global tokens[, rows]): rows of the length, half of it, and one token; three rows where nothing is said.
ALL = [(length, count) for length in (1, 2, 7, 511, 512, 513, 1000, 4096) for count in (0, 1, 20, 300) if count <= length]
# Each token global.
ALL += [(7, 7), (513, 513)]
MANY = [(1, 1), (2, 0), (7, 7), (511, 20), (512, 300), (513, 0), (1000, 20), (4096, 1)]
FEW = [(7, 1), (513, 20), (1000, 300)]
BASE = [(1, 0, 1), (513, 20, 2), (1000, 0, 2), (4096, 1, 1), (4096, 300, 1)]


def check_graph(job):
    """The checker, strict shape inference, and the ecosystem's inputs."""
    onnx.checker.check_model(job["path"], full_check=True)
    with tempfile.TemporaryDirectory(dir=pathlib.Path(job["path"]).parent) as folder:
        inferred = str(pathlib.Path(folder) / "inferred.onnx")
        # The paths of external data are relative to the file.
        for data in pathlib.Path(job["path"]).parent.glob("*.data"):
            os.link(data, pathlib.Path(folder) / data.name)
        onnx.shape_inference.infer_shapes_path(job["path"], inferred, check_type=True, strict_mode=True, data_prop=True)
    model = onnx.load(job["path"], load_external_data=False)
    axes = ["batch", "choices", "sequence"] if job["head"] == "multiple-choice" else ["batch", "sequence"]
    for value in model.graph.input:
        tensor = value.type.tensor_type
        assert tensor.elem_type == INT64, f"{value.name} is {tensor.elem_type}"
        assert [dimension.dim_param for dimension in tensor.shape.dim] == axes, f"{value.name}: {tensor.shape}"
    for value in model.graph.output:
        assert value.type.tensor_type.elem_type == FLOAT, f"{value.name} is no float32"
    assert {node.domain for node in model.graph.node} <= {"", "ai.onnx"}, "an operator of another domain"
    names = [tensor.name for tensor in model.graph.initializer]
    assert len(names) == len(set(names)), "an initializer stands twice"
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["longspan.head"] == job["head"] and metadata["longspan.weights"] == job["weights"], metadata
    configuration = json.loads((pathlib.Path(job["model"]) / "config.json").read_text())
    assert json.loads(metadata["longspan.config"])["hidden_size"] == configuration["hidden_size"]


def reference(job):
    model = model_class(job["head"]).from_pretrained(job["model"], dtype=torch.float32).eval()
    return model.half().float() if job["weights"] == "float16" else model


def make_inputs(generator, configuration, head, length, globals_count, batch):
    """Rows of `length`, half of it, and one token; global tokens anywhere; padding has pad ids and no mask."""
    shape = (batch, 2, length) if head == "multiple-choice" else (batch, length)
    ids = generator.integers(3, configuration.vocab_size, shape)
    ids[..., 0] = 0 if configuration.pad_token_id != 0 else 3
    mask = numpy.ones(shape, numpy.int64)
    flags = numpy.zeros(shape, numpy.int64)
    lengths = [length, max(1, length // 2), 1]
    for row in range(batch):
        mask[row, ..., lengths[row % 3] :] = 0
    ids[mask == 0] = configuration.pad_token_id
    for row in flags.reshape(-1, length):
        row[generator.permutation(length)[:globals_count]] = 1
    inputs = {"input_ids": ids, "attention_mask": mask, "global_attention_mask": flags}
    if configuration.type_vocab_size > 1:
        inputs["token_type_ids"] = generator.integers(0, configuration.type_vocab_size, shape)
    return inputs


def compare(model, session, head, case):
    length, globals_count, batch = (*case, 3)[:3]
    generator = numpy.random.default_rng([length, globals_count, batch])
    inputs = make_inputs(generator, model.config, head, length, globals_count, batch)
    with torch.no_grad():
        wanted = model(**{name: torch.from_numpy(value) for name, value in inputs.items()})
    found = session.run(None, inputs)
    error, largest = 0.0, 0.0
    for output, value in zip(session.get_outputs(), found):
        expected = wanted[output.name].numpy()
        assert value.shape == expected.shape and value.dtype == numpy.float32, f"{output.name} {value.dtype} {value.shape}, expected {expected.shape}"
        assert numpy.isfinite(value).all(), f"{output.name} is not finite"
        error = max(error, float(abs(value - expected).max()))
        largest = max(largest, float(abs(expected).max()))
    return error, largest


def check(job):
    start = time.monotonic()
    check_graph(job)
    model = reference(job)
    session = onnxruntime.InferenceSession(job["path"], providers=["CPUExecutionProvider"])
    cases = {"all": ALL, "many": MANY, "few": FEW, "base": BASE}[job["cases"]]
    worst, largest, where = 0.0, 0.0, None
    for case in cases:
        error, size = compare(model, session, job["head"], case)
        largest = max(largest, size)
        if error >= worst:
            worst, where = error, case
    assert worst <= job["tolerance"], f"largest error {worst:.1e} at (length, globals[, batch]) {where}, allowed {job['tolerance']:.0e}"
    return f"checker and shape inference pass; {len(cases)} cases, largest error {worst:.1e} (values up to {largest:.1f}), {time.monotonic() - start:.0f} s"


print(", ".join(f"{module.__name__} {module.__version__}" for module in (onnx, onnxruntime, torch, transformers)))
check_jobs(check, lambda job: job["name"], "ONNX files")
