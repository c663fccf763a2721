"""Answers a file of jobs with Longspan on a Ray cluster: an actor for each process of ours, one for two processors.

python ray_ask.py jobs.jsonl answers/ -- longspan ask model.ckpt --threads 2
RAY_ADDRESS names the cluster; without it, Ray starts on this machine. Files and the model lie where every node finds them.
"""

import argparse
import json
import subprocess
import threading

import ray


class Answerer:
    """One process of ours: lines go in, as many lines come out. One that is killed is started again, and what it had is done again."""

    def __init__(self, command):
        self.command = command
        self.process = None

    def __call__(self, batch):
        lines = list(batch["line"])
        for attempt in range(3):
            answers = self.ask(lines)
            if len(answers) == len(lines):
                return {"line": answers}
        raise RuntimeError("the process ended three times before it answered; its messages stand above")

    def ask(self, lines):
        if self.process is None or self.process.poll() is not None:
            words = [*self.command, "--input", "-", "--output", "-"]
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        # Written by another thread: a process whose answers nobody reads takes no more lines.
        threading.Thread(target=self.write, args=(self.process, lines), daemon=True).start()
        answers = []
        for _ in lines:
            answer = self.process.stdout.readline()
            if not answer.endswith("\n"):
                self.process.kill()
                self.process.wait()
                break
            answers.append(answer.rstrip("\n"))
        return answers

    @staticmethod
    def write(process, lines):
        try:
            process.stdin.write("".join(line + "\n" for line in lines))
            process.stdin.flush()
        except BrokenPipeError:
            pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jobs")
    parser.add_argument("answers")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("command", nargs="+", help="-- and the command line of longspan, without --input and --output")
    options = parser.parse_args()
    ray.init()
    processes = max(1, int(ray.cluster_resources()["CPU"]) // 2)
    jobs = ray.data.read_text(options.jobs, override_num_blocks=4 * processes).rename_columns({"text": "line"})
    answers = jobs.map_batches(
        Answerer,
        fn_constructor_args=[options.command],
        batch_size=options.batch,
        concurrency=processes,
        # Less than what is there for it: reading and writing need some of Ray's processors, also when a node is lost.
        num_cpus=0.5,
    )
    answers.map(lambda row: json.loads(row["line"])).write_json(options.answers)


if __name__ == "__main__":
    main()
