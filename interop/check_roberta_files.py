"""Loads the Longformers that Longspan made of RoBERTas with transformers, and compares them with what torch recorded in fixtures/roberta.

Called by roberta.ts with a JSON list of jobs: {"source", "target", "path", "head", "recipe": the recipe's own result or null, "maxLength"}.
Needs the environment of fixtures/requirements.txt.
"""

import json
import os
import pathlib
import sys
import warnings

import jobs

os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

sys.path.insert(0, str(jobs.ROOT / "fixtures"))

import safetensors.torch
import torch
import transformers

from torch_models import model_class

ROOT = jobs.ROOT / "fixtures" / "roberta"
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
TIED = ("lm_head.decoder.weight", "lm_head.decoder.bias")
TOLERANCE = 1e-5


def load(path, target, head):
    """Nothing missing, nothing unexpected."""
    if target == "hf":
        model, report = model_class(head).from_pretrained(path, output_loading_info=True)
        for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            assert not report[key], f"{key}: {report[key]}"
        return model.eval()
    model = model_class(head)(transformers.LongformerConfig.from_pretrained(path))
    state = torch.load(path / "pytorch_model.bin", weights_only=True)
    storages = {}
    for name, tensor in state.items():
        storages.setdefault(tensor.untyped_storage().data_ptr(), []).append(name)
    shared = [names for names in storages.values() if len(names) > 1 and not set(TIED) & set(names)]
    assert not shared, f"one storage for several parameters: {shared}"
    report = model.load_state_dict(state, strict=False)
    assert set(report.missing_keys) <= set(TIED) and not report.unexpected_keys, str(report)
    model.tie_weights()
    return model.eval()


def state_of(folder):
    """The recipe's weights, under Longformer's prefix."""
    if (folder / "model.safetensors").exists():
        state = safetensors.torch.load_file(folder / "model.safetensors")
    else:
        state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    return {name.replace("roberta.", "longformer.", 1): tensor for name, tensor in state.items() if not name.endswith("position_ids")}


def check_weights(model, recipe):
    wanted = state_of(ROOT / recipe)
    found = model.state_dict()
    for name in wanted:
        assert torch.equal(found[name], wanted[name]), f"{name}: values differ"
    assert set(found) - set(wanted) <= set(TIED), set(found) - set(wanted)
    return len(wanted)


def check_tokenizer(path, source, max_length):
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    before = transformers.AutoTokenizer.from_pretrained(ROOT / source)
    assert tokenizer.model_max_length == max_length, tokenizer.model_max_length
    assert type(tokenizer) is type(before), type(tokenizer)
    for text in ("the cat sat on the mat.", "where did the <mask> sit?"):
        assert tokenizer(text)["input_ids"] == before(text)["input_ids"], text


def cases_of(folder):
    document = json.loads((ROOT / "cases.json").read_text())
    for case in document["cases"]:
        if case["model"] == folder:
            tensors = safetensors.torch.load_file(ROOT / "outputs" / (case["file"] + ".safetensors"))
            yield tuple(
                {name: tensors[f"{case['case']}.{kind}.{name}"] for name in case[kind]} for kind in ("inputs", "outputs")
            )


def check_outputs(model, folder, short):
    """A graft's recorded outputs; of a plain RoBERTa those of short texts, where nothing is padding. Globals are those of the recording."""
    worst = 0.0
    for inputs, outputs in cases_of(folder):
        mask = inputs.pop("attention_mask")
        given = dict(inputs, attention_mask=mask.clamp(max=1), global_attention_mask=(mask == 2).long())
        with torch.no_grad():
            result = model(output_hidden_states=True, **given)
        for name, wanted in outputs.items():
            key, _, index = name.partition(".")
            found = result[key][int(index)] if index else result[key]
            if short:
                keep = mask.bool()
                found, wanted = found[keep], wanted[keep]
            worst = max(worst, float((found - wanted).abs().max()))
    assert worst <= TOLERANCE, f"outputs differ by {worst}"
    return worst


def check(job):
    path = pathlib.Path(job["path"])
    model = load(path, job["target"], job["head"])
    said = f"largest difference of outputs {check_outputs(model, job['source'], job['recipe'] is not None):.1e}"
    if job["recipe"] is not None:
        check_tokenizer(path, job["source"], job["maxLength"])
        said += f", {check_weights(model, job['recipe'])} tensors equal the recipe's, {check_outputs(model, job['recipe'], False):.1e} on long texts"
    return said


jobs.check_jobs(check, lambda job: f"{job['source']} → {job['target']}", "RoBERTas")
