"""The same texts through transformers' text-classification pipeline on torch's CPU, for bench/batch.ts: a time for each line that comes in."""

import argparse
import json
import os
import sys
import time

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TRANSFORMERS_VERBOSITY"] = "error"


def main():
    import torch
    import transformers

    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with open(options.texts, encoding="utf-8") as file:
        texts = json.load(file)
    classify = transformers.pipeline("text-classification", model=options.model, device="cpu", dtype=torch.float32)
    with torch.inference_mode():
        classify(texts[0])
        print(f"transformers {transformers.__version__}, torch {torch.__version__}, cpu, {options.threads} threads", flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            # One at a time: padded batches take it longer on a processor.
            for _ in classify(texts, batch_size=1):
                pass
            print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
