"""Reads every flax_model.msgpack that Longspan wrote with flax.serialization.from_bytes: into parameters of the same paths, shapes and
types, none missing and none more; every value equal to the fixture's, bit for bit. Paths that a RoBERTa has are those of transformers' class.

Called by run.ts with a JSON list of jobs: {"source": a fixture, "values": the one whose .expected.json has its values, "target", "path", "head"}.
Needs the environment of fixtures/requirements-flax.txt. The names come from fixtures/make_flax.py, written apart from Longspan.
"""

import pathlib
import sys

from jobs import ROOT, check_jobs, conversion, expected_values

sys.path.insert(0, str(ROOT / "fixtures"))

from flax import serialization
from flax.traverse_util import flatten_dict

from make_flax import flax_parameters


def check(job):
    head, values = job["head"], expected_values(job["values"])
    data = (pathlib.Path(job["path"]) / "flax_model.msgpack").read_bytes()
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
    return f"{len(wanted)} parameters"


check_jobs(check, conversion, "files of Flax")
