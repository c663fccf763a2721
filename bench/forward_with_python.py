"""The same forward passes with transformers on torch's CPU, for bench/forward.ts."""

import argparse
import json
import os
import time

os.environ["CUDA_VISIBLE_DEVICES"] = ""


def main():
    import torch
    import transformers

    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--globals", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    started = time.perf_counter()
    settings = transformers.LongformerConfig(**json.loads(options.config))
    model = transformers.LongformerModel(settings, add_pooling_layer=False).eval()
    prepared = time.perf_counter() - started
    ids = torch.tensor([[3 + (position * 7919) % (settings.vocab_size - 3) for position in range(options.tokens)]])
    flags = torch.tensor([[int(position < options.globals) for position in range(options.tokens)]])
    seconds = []
    with torch.inference_mode():
        for _ in range(options.runs + 1):
            start = time.perf_counter()
            model(input_ids=ids, attention_mask=torch.ones_like(ids), global_attention_mask=flags)
            seconds.append(time.perf_counter() - start)
    device = f"transformers {transformers.__version__}, torch {torch.__version__}, cpu, {options.threads} threads"
    with open(options.output, "w") as file:
        json.dump({"device": device, "prepareSeconds": prepared, "seconds": seconds}, file)


if __name__ == "__main__":
    main()
