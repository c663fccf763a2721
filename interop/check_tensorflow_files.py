"""Loads every tf_model.h5 that Longspan wrote with transformers 4 on TensorFlow: no weight missing, none unexpected, no warning; every
value equal to the fixture's, bit for bit; and the outputs that TensorFlow gave for the seeded values.

Called by run.ts with a JSON list of jobs: {"source": a fixture, "values": the one whose .expected.json has its values, "target", "path", "head"}.
Needs the environment of fixtures/requirements-tensorflow.txt. The names come from fixtures/make_tensorflow.py, written apart from Longspan.
"""

import io
import json
import logging
import os
import pathlib
import sys

os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "fixtures"))

import numpy
import transformers

from make_tensorflow import CLASSES, canonical_name


def expected_values(source):
    """Canonical name -> array, as the framework that wrote the fixture had them."""
    record = json.loads((ROOT / (source + ".expected.json")).read_text())
    values = {}
    for tensor in record["tensors"]:
        if tensor.get("canonicalName") and tensor["dataType"] == "float32":
            data = (ROOT / "fixtures" / tensor["values"]).read_bytes()[tensor["offset"] : tensor["offset"] + tensor["byteLength"]]
            values[tensor["canonicalName"]] = numpy.frombuffer(data, "<f4").reshape(tensor["shape"])
    return values


def check(path, head, values):
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


def main():
    jobs = [job for job in json.loads(pathlib.Path(sys.argv[1]).read_text()) if job["target"] == "tensorflow"]
    failed = 0
    for job in jobs:
        try:
            values = expected_values(job["values"])
            model, count = check(job["path"], job["head"], values)
            # Fixtures of torch/heads hold the seeded values, of which the outputs are recorded.
            if "torch/heads" in job["source"]:
                check_outputs(model, job["head"])
            print(f"ok    {job['source']} → tensorflow{' (sharded)' if job['sharded'] else ''}: {count} weights")
        except Exception as error:
            failed += 1
            print(f"FAIL  {job['source']} → tensorflow{' (sharded)' if job['sharded'] else ''}: {error}")
    print(f"{len(jobs) - failed} passed, {failed} failed in TensorFlow")
    sys.exit(1 if failed or not jobs else 0)


if __name__ == "__main__":
    main()
