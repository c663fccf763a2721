"""Part of the GPU archive: the same forward passes with transformers on CUDA, where Python has both; nothing else is needed of it."""

import argparse
import json
import statistics
import sys
import time

NOT_HERE = 3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--large", required=True)
    parser.add_argument("--globals", type=int, default=16)
    parser.add_argument("--milliseconds", type=float, default=600)
    parser.add_argument("--in-turn", action="store_true")
    parser.add_argument("--output")
    options = parser.parse_args()
    try:
        import torch
        import transformers
    except ImportError as error:
        print(f"left out: {error}")
        sys.exit(NOT_HERE)
    if not torch.cuda.is_available():
        print("left out: torch has no CUDA here")
        sys.exit(NOT_HERE)
    transformers.utils.logging.set_verbosity_error()
    torch.manual_seed(0)
    models = {
        name: transformers.LongformerModel(transformers.LongformerConfig(**json.loads(text)), add_pooling_layer=False).eval()
        for name, text in [("base", options.base), ("large", options.large)]
    }
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, {torch.cuda.get_device_name()}")
    if options.in_turn:
        print("ready for its turn", flush=True)
        sys.stdin.readline()

    sizes = {"base": ["1x512", "1x1024", "1x4096", "8x512", "4x4096"], "large": ["1x4096"]}
    results = []
    for name in sizes:
        for precision in ["float32", "tf32", "float16"]:
            torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
            model = models[name].to("cuda", torch.float16 if precision == "float16" else torch.float32)
            for size in sizes[name]:
                milliseconds = timed(torch, model, size, options)
                results.append({"model": name, "precision": precision, "size": size, "milliseconds": milliseconds})
                print(f"  {name:6} {precision:8} {size:8} {milliseconds:8.2f} ms", flush=True)
        models[name].to("cpu")
        torch.cuda.empty_cache()
    if options.output:
        with open(options.output, "w") as file:
            json.dump({"transformers": transformers.__version__, "torch": torch.__version__, "times": results}, file)


def timed(torch, model, size, options):
    batch, tokens = map(int, size.split("x"))
    vocabulary = model.config.vocab_size
    ids = torch.tensor([[3 + ((at + row) * 7919) % (vocabulary - 3) for at in range(tokens)] for row in range(batch)], device="cuda")
    flags = torch.zeros_like(ids)
    flags[:, : options.globals] = 1
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        for least in [options.milliseconds / 2, options.milliseconds]:
            seconds = []
            start = time.perf_counter()
            while len(seconds) < 3 or time.perf_counter() - start < least / 1000:
                before = time.perf_counter()
                model(input_ids=ids, attention_mask=mask, global_attention_mask=flags)
                torch.cuda.synchronize()
                seconds.append(time.perf_counter() - before)
    return 1000 * statistics.median(seconds)


if __name__ == "__main__":
    main()
