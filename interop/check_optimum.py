"""Loads a folder that `--to transformers.js` wrote with optimum, and asks transformers' pipeline the example's questions over some 4,000 tokens.

`check_optimum.py FOLDER EXAMPLE`: EXAMPLE has document.txt and questions.json. In the environment of interop/requirements-optimum.txt. Called by run.ts.
"""

import json
import pathlib
import sys

from optimum.onnxruntime import ORTModelForQuestionAnswering
from transformers import AutoTokenizer, pipeline

folder, example = sys.argv[1], pathlib.Path(sys.argv[2])
model = ORTModelForQuestionAnswering.from_pretrained(folder)
ask = pipeline("question-answering", model=model, tokenizer=AutoTokenizer.from_pretrained(folder))
document = (example / "document.txt").read_text()
for wanted in json.loads((example / "questions.json").read_text()):
    found = ask(question=wanted["question"], context=document, max_seq_len=4096, doc_stride=128)
    assert found["answer"] == wanted["answer"] and found["start"] == wanted["start"], found
    print(f"ok    optimum: {wanted['question']} {found['answer']}")
