"""Reads or fills a cache with Python's huggingface_hub: `read FOLDER ENDPOINT` (without the hub) or `download FOLDER ENDPOINT`. Called by hub.ts."""

import os
import pathlib
import sys

action, folder, endpoint = sys.argv[1:]
os.environ.update(HF_ENDPOINT=endpoint, HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_XET="1")

from huggingface_hub import hf_hub_download, scan_cache_dir

WANTED = {"config.json": b'{"model_type":"longformer"}', "model.safetensors": bytes(index % 251 for index in range(50_000))}
for name, content in WANTED.items():
    path = hf_hub_download("somebody/model", name, cache_dir=folder, local_files_only=action == "read")
    assert pathlib.Path(path).read_bytes() == content, name
cache = scan_cache_dir(folder)
assert not cache.warnings, cache.warnings
assert [repository.repo_id for repository in cache.repos] == ["somebody/model"]
