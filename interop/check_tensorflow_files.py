"""Loads every tf_model.h5 that Longspan wrote with transformers 4 on TensorFlow: no weight missing, none unexpected, no warning; every
value equal to the fixture's, bit for bit; and the outputs that TensorFlow gave for the seeded values.

Called by run.ts with a JSON list of jobs: {"source": a fixture, "values": the one whose .expected.json has its values, "target", "path", "head"}.
Needs the environment of fixtures/requirements-tensorflow.txt. The names come from fixtures/make_tensorflow.py, written apart from Longspan.
"""

import io
import json
import logging
import os
import sys

from jobs import ROOT, check_jobs, conversion, expected_values

os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
sys.path.insert(0, str(ROOT / "fixtures"))

import numpy
import transformers

from make_tensorflow import CLASSES, canonical_name


def check_weights(path, head, values):
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger("transformers").addHandler(handler)
    try:
        model, information = getattr(transformers, CLASSES[head]).from_pretrained(path, output_loading_info=True)
    finally:
        logging.getLogger("transformers").removeHandler(handler)
    assert not any(information.values()), information
    for words in ("not used", "newly initialized"):
        assert words not in log.getvalue(), log.getvalue()
    for weight in model.weights:
        wanted = values[canonical_name(weight.name)]
        wanted = wanted.T if weight.name.endswith("kernel:0") else wanted
        assert numpy.array_equal(weight.numpy(), wanted), f"{weight.name}: values differ"
    return model, len(model.weights)


def check_outputs(model, head):
    record = json.loads((ROOT / "fixtures" / "tensorflow" / "heads" / head / "forward.json").read_text())
    outputs = model(**{key: numpy.array(value, numpy.int32) for key, value in record["inputs"].items()})
    for key, wanted in record["outputs"].items():
        assert numpy.abs(numpy.asarray(outputs[key]) - numpy.array(wanted)).max() <= 1e-6, f"{key} differs"


def check(job):
    model, count = check_weights(job["path"], job["head"], expected_values(job["values"]))
    # Fixtures of torch/heads hold the seeded values, of which the outputs are recorded.
    if "torch/heads" in job["source"]:
        check_outputs(model, job["head"])
    return f"{count} weights"


check_jobs(check, conversion, "files of TensorFlow")
