"""Reads every flax_model.msgpack that Longspan wrote with flax.serialization.from_bytes: into parameters of the same paths, shapes and
types, none missing and none more; every value equal to the fixture's, bit for bit. Paths that a RoBERTa has are those of transformers' class.

Called by run.ts with a JSON list of jobs: {"source": a fixture, "values": the one whose .expected.json has its values, "target", "path", "head"}.
Needs the environment of fixtures/requirements-flax.txt. The names come from fixtures/make_flax.py, written apart from Longspan.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "fixtures"))

import numpy
from flax import serialization
from flax.traverse_util import flatten_dict

from make_flax import flax_parameters


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
    data = (pathlib.Path(path) / "flax_model.msgpack").read_bytes()
    found = flatten_dict(serialization.from_bytes(None, data))
    # The decoder is the word embeddings, which Flax shares without a second copy; a pooler that the head does not use is not written.
    wanted = flatten_dict(flax_parameters({name: value for name, value in values.items() if not name.startswith("lm_head.decoder")}, head))
    unused = {name for name in wanted if "pooler" in name} - set(found)
    assert not unused or head not in ("model", "multiple-choice"), unused
    wanted = {name: value for name, value in wanted.items() if name not in unused}
    assert set(found) == set(wanted), sorted(set(found) ^ set(wanted))
    for name, value in wanted.items():
        assert found[name].dtype == value.dtype and found[name].shape == value.shape, name
        assert found[name].tobytes() == value.tobytes(), f"{'/'.join(name)}: values differ"
    return len(wanted)


def main():
    jobs = [job for job in json.loads(pathlib.Path(sys.argv[1]).read_text()) if job["target"] == "flax"]
    failed = 0
    for job in jobs:
        try:
            count = check(job["path"], job["head"], expected_values(job["values"]))
            print(f"ok    {job['source']} → flax: {count} parameters")
        except Exception as error:
            failed += 1
            print(f"FAIL  {job['source']} → flax: {error}")
    print(f"{len(jobs) - failed} passed, {failed} failed in Flax")
    sys.exit(1 if failed or not jobs else 0)


if __name__ == "__main__":
    main()
