"""Answers a file of jobs with Longspan on Spark: a process of ours for each that Spark has.

python spark_ask.py jobs.jsonl answers/ -- longspan ask model.ckpt
SPARK_MASTER (or spark-submit) names the cluster; without it, all processors of this machine. Files and the model lie where every node finds
them. A task whose process or node is lost is run again by Spark, and its answers are written once.
"""

import argparse
import os
import subprocess
import threading

import pandas
from pyspark.sql import SparkSession


def write(process, lines):
    try:
        process.stdin.write("".join(line + "\n" for line in lines))
        process.stdin.flush()
    except BrokenPipeError:
        pass


def ask(process, lines):
    """As many lines as go in come out."""
    # Written by another thread: a process whose answers nobody reads takes no more lines.
    threading.Thread(target=write, args=(process, lines), daemon=True).start()
    for _ in lines:
        answer = process.stdout.readline()
        if not answer.endswith("\n"):
            raise RuntimeError("the process ended before it answered; Spark runs the task again")
        yield answer.rstrip("\n")


# Spark keeps its Python processes, and each of them its process of ours, from one task to the next.
kept = {}


def answerer(command):
    words = (*command, "--input", "-", "--output", "-")

    def answer(frames):
        process = kept.pop(words, None)
        if process is None or process.poll() is not None:
            process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        whole = False
        try:
            for frame in frames:
                yield pandas.DataFrame({"value": list(ask(process, list(frame["value"])))})
            whole = True
        finally:
            # Answers of a task that was given up are nobody else's.
            if whole:
                kept[words] = process
            else:
                process.kill()

    return answer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jobs")
    parser.add_argument("answers")
    parser.add_argument("--tasks", type=int, default=8, help="pieces of the jobs")
    parser.add_argument("command", nargs="+", help="-- and the command line of longspan, without --input and --output")
    options = parser.parse_args()
    spark = (
        SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local[*]"))
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 64)
        .getOrCreate()
    )
    jobs = spark.read.text(options.jobs).repartition(options.tasks)
    jobs.mapInPandas(answerer(options.command), "value string").write.mode("overwrite").text(options.answers)
    spark.stop()


if __name__ == "__main__":
    main()
