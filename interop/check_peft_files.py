"""Makes adapters of PEFT with settings and values by chance (`make FOLDER`), and compares what Longspan merged with merge_and_unload() (`check FOLDER`).

Called by peft.ts. Needs the environment of fixtures/requirements.txt.
"""

import json
import os
import pathlib
import random
import sys
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

import peft
import safetensors.torch
import torch
import transformers

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
COUNT = 40
MODULES = ["query", "key", "value", "query_global", "value_global", "attention.output.dense", "intermediate.dense", "output.dense", "word_embeddings", "qa_outputs"]
# DoRA's norms are summed in another order: the last bits may differ.
DORA_TOLERANCE = 2e-6


def base(folder):
    return transformers.LongformerForQuestionAnswering.from_pretrained(folder / "base").eval()


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    config = transformers.LongformerConfig(
        hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=80, vocab_size=150, max_position_embeddings=66,
        attention_window=[8, 8], pad_token_id=1, sep_token_id=2, bos_token_id=0, eos_token_id=2,
    )
    transformers.LongformerForQuestionAnswering(config).save_pretrained(folder / "base")
    chance = random.Random(2)
    names = []
    for number in range(COUNT):
        targets = chance.sample(MODULES, chance.randint(1, 4))
        dora = chance.random() < 0.2
        settings = peft.LoraConfig(
            r=chance.randint(1, 40), lora_alpha=chance.randint(1, 64), use_rslora=chance.random() < 0.3, use_dora=dora, target_modules=targets,
            bias=chance.choice(["none", "all", "lora_only"]) if "word_embeddings" not in targets else "none",
            rank_pattern={targets[0]: chance.randint(1, 12)} if chance.random() < 0.4 else {},
            alpha_pattern={r"layer\.1\..*%s" % targets[-1]: chance.randint(1, 30)} if chance.random() < 0.4 else {},
        )
        model = peft.get_peft_model(base(folder), settings)
        with torch.no_grad():
            for _, parameter in model.named_parameters():
                if parameter.requires_grad:
                    parameter.copy_(torch.randn(parameter.shape) * 0.3 + 0.2)
        name = "adapter-%d" % number
        model.save_pretrained(folder / name)
        names.append(name)
    (folder / "adapters.json").write_text(json.dumps(names))


def check(folder):
    different = 0
    furthest = 0.0
    for name in json.loads((folder / "adapters.json").read_text()):
        merged = peft.PeftModel.from_pretrained(base(folder), folder / name).merge_and_unload()
        found = safetensors.torch.load_file(folder / (name + "-merged") / "model.safetensors")
        expected = {key: value for key, value in merged.state_dict().items()}
        assert set(found) == set(expected), (name, set(found) ^ set(expected))
        dora = json.loads((folder / name / "adapter_config.json").read_text())["use_dora"]
        for key, value in expected.items():
            distance = ((found[key] - value).abs() / value.abs().clamp(min=1e-3)).max().item()
            if dora:
                furthest = max(furthest, distance)
            if distance > (DORA_TOLERANCE if dora else 0):
                different += 1
                print("differs:", name, key, distance)
    print("%d adapters merged, %d tensors with a difference; DoRA's furthest %.1e" % (COUNT, different, furthest))
    return different == 0


if __name__ == "__main__":
    action, place = sys.argv[1], pathlib.Path(sys.argv[2])
    sys.exit(0 if (make(place) if action == "make" else check(place)) in (None, True) else 1)
