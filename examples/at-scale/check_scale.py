"""What npm run scale does: 2,000 jobs by one process, on a two-node Ray and on Spark's local-cluster, with workers killed and a node lost on the way.

python check_scale.py FOLDER -- longspan ask model.ckpt
"""

import argparse
import collections
import glob
import json
import os
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def write_jobs(path, model, count):
    """A question and a piece of the example's document each; the facts of the piece are what it is asked about."""
    with open(os.path.join(model, "document.txt"), encoding="utf-8") as file:
        sentences = file.read().split(". ")
    with open(os.path.join(model, "questions.json"), encoding="utf-8") as file:
        questions = [one["question"] for one in json.load(file)]
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            first = (number * 37) % (len(sentences) - 60)
            document = ". ".join(sentences[first : first + 8 + number % 40])
            file.write(json.dumps({"id": number, "question": questions[number % len(questions)], "document": document}) + "\n")


def check(name, lines, expected, seconds, alone):
    counts = collections.Counter(line["id"] for line in lines)
    assert counts == collections.Counter(expected.keys()), (name, [one for one in counts.items() if one[1] != 1][:5], len(counts))
    for line in lines:
        answers, others = line["answers"], expected[line["id"]]["answers"]
        assert [one["answer"] for one in answers] == [one["answer"] for one in others], (name, line)
    rate = len(lines) / seconds
    compared = "" if alone is None else f", {rate / alone:.2f} x one process"
    print(f"{name}: {len(lines)} jobs, each answered once, in {seconds:.1f} s ({rate:.1f} a second{compared})", flush=True)
    return rate


def processes(words):
    """Processes of ours, by what stands in their command lines."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                text = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if all(any(word in part for part in text) for word in words) and "python" not in text[0]:
            found.append(int(path.split("/")[2]))
    return found


def later(trouble):
    """Makes trouble when the work has begun."""

    def run():
        while not trouble():
            time.sleep(0.2)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def kill_one(marker):
    killed = []

    def trouble():
        alive = processes([marker, "--input"])
        if alive and not killed:
            time.sleep(2)
            alive = [pid for pid in processes([marker, "--input"]) if pid in alive]
            if alive:
                os.kill(alive[0], signal.SIGKILL)
                killed.append(alive[0])
                print(f"  killed the process {alive[0]}", flush=True)
        return bool(killed)

    return trouble


def read(folder):
    lines = []
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        if os.path.isfile(path) and not os.path.basename(path).startswith(("_", ".")):
            with open(path, encoding="utf-8") as file:
                lines += [json.loads(line) for line in file if line.strip()]
    return lines


def on_ray(jobs, folder, command, marker, disturbed):
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": 200_000_000})
    second = cluster.add_node(num_cpus=2, object_store_memory=200_000_000)
    cluster.wait_for_nodes()
    answers = os.path.join(folder, "ray-disturbed" if disturbed else "ray")
    environment = {**os.environ, "RAY_ADDRESS": cluster.address, "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
    started = time.monotonic()
    running = subprocess.Popen([sys.executable, os.path.join(HERE, "ray_ask.py"), jobs, answers, "--", *command], env=environment)
    if disturbed:
        later(kill_one(marker)).join(300)
        time.sleep(3)
        cluster.remove_node(second)
        print("  took a node away", flush=True)
    assert running.wait() == 0
    seconds = time.monotonic() - started
    cluster.shutdown()
    return read(answers), seconds


def on_spark(jobs, folder, command, marker, disturbed):
    answers = os.path.join(folder, "spark-disturbed" if disturbed else "spark")
    environment = {**os.environ, "SPARK_MASTER": "local-cluster[2,1,1024]", "SPARK_SCALA_VERSION": "2.13", "PYSPARK_PYTHON": sys.executable}
    started = time.monotonic()
    running = subprocess.Popen([sys.executable, os.path.join(HERE, "spark_ask.py"), jobs, answers, "--", *command], env=environment)
    if disturbed:
        later(kill_one(marker)).join(300)
        time.sleep(3)
        executors = []
        while not executors:
            time.sleep(0.5)
            executors = processes(["CoarseGrainedExecutorBackend"])
        os.kill(executors[0], signal.SIGKILL)
        print(f"  killed the executor {executors[0]} of {len(executors)}", flush=True)
    assert running.wait() == 0
    return read(answers), time.monotonic() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--engine", choices=["ray", "spark"], action="append")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    jobs = os.path.join(options.folder, "jobs.jsonl")
    model = options.command[-1]
    write_jobs(jobs, os.path.dirname(model), options.jobs)
    # One thread each: a process is a processor here, alone as well as among others.
    command = [*options.command, "--runtime", "ort", "--threads", "1"]
    alone = os.path.join(options.folder, "alone.jsonl")
    started = time.monotonic()
    subprocess.run([*command, "--input", jobs, "--output", alone, "--force"], check=True)
    seconds = time.monotonic() - started
    with open(alone, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    expected = {line["id"]: line for line in lines}
    rate = check("one process, one thread", lines, expected, seconds, None)
    for engine in options.engine or ["ray", "spark"]:
        run = {"ray": on_ray, "spark": on_spark}[engine]
        for disturbed in [False, True]:
            found, seconds = run(jobs, options.folder, command, model, disturbed)
            check(f"{engine}{', disturbed' if disturbed else ''}", found, expected, seconds, rate)


if __name__ == "__main__":
    main()
