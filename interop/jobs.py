"""What the checks of written files share: they get a JSON list of jobs and say for each one whether it is well.

Needs numpy alone: each framework's check runs in an environment of its own.
"""

import json
import pathlib
import sys

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent


def expected_values(source):
    """Canonical name -> array, as the framework that wrote the fixture had them."""
    record = json.loads((ROOT / (source + ".expected.json")).read_text())
    values = {}
    for tensor in record["tensors"]:
        if tensor.get("canonicalName") and tensor["dataType"] == "float32":
            data = (ROOT / "fixtures" / tensor["values"]).read_bytes()[tensor["offset"] : tensor["offset"] + tensor["byteLength"]]
            values[tensor["canonicalName"]] = numpy.frombuffer(data, "<f4").reshape(tensor["shape"])
    return values


def conversion(job):
    """What a job of run.ts is called."""
    return f"{job['source']} → {job['target']}{' sharded' if job['sharded'] else ''}"


def check_jobs(check, name, what):
    """Runs `check(job)`, which returns what was found well or raises, on each job of the list that the command line names; ends the process.

    `name(job)`: what a job is called; `what`: what was checked, for the last line.
    """
    jobs = json.loads(pathlib.Path(sys.argv[1]).read_text())
    failed = 0
    for job in jobs:
        try:
            print(f"ok    {name(job)}: {check(job)}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL  {name(job)}: {type(error).__name__}: {str(error)[:2000]}", flush=True)
    print(f"{len(jobs) - failed} {what} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not jobs else 0)
