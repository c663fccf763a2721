"""Writes the example document and what Hugging Face's model says about it: model/{document.txt,questions.json,expected.json}.

    python record_example.py
"""

import argparse
import json
from pathlib import Path
from random import Random

import numpy
import torch
import transformers

from evaluate import MAXIMUM_ANSWER_LENGTH, MODEL, find_answer, load_model
from facts import QUESTIONS, Difficulty, make_example_of_tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=MODEL, help="folder with the checkpoint, config.json and tokenizer")
    folder = parser.parse_args().model
    torch.set_num_threads(1)
    model, tokenizer = load_model(folder)

    example = make_example_of_tokens(Random("example"), tokenizer, 3900, 4090, Difficulty(fact_share=(0.4, 0.4)))
    (folder / "document.txt").write_text(example.document, encoding="utf-8")
    # One fact near the beginning, one in the middle, one near the end.
    count = len(example.facts)
    asked = [example.facts[place] for place in (count // 20, count // 2, count - count // 20)]
    questions = []
    for number, (name, code) in enumerate(asked):
        question = QUESTIONS[number % len(QUESTIONS)].format(name=name)
        questions.append({
            "question": question, "answer": code, "start": example.document.index(code),
            "end": example.document.index(code) + len(code),
            "tokens": len(tokenizer(question, example.document)["input_ids"]),
        })
    write_json(folder / "questions.json", questions)

    expected = []
    for asked_question in questions:
        found = find_answer(model, tokenizer, asked_question["question"], example.document)
        expected.append({
            "question": asked_question["question"],
            "tokens": found.tokens,
            "start_logits_argmax": found.start_token,
            "end_logits_argmax": found.end_token,
            "start_logits_maximum": float(numpy.max(found.start_logits)),
            "end_logits_maximum": float(numpy.max(found.end_logits)),
            "answer": found.text,
            "start": found.start,
            "end": found.end,
            "score": found.score,
        })
        print(asked_question["question"], found.text, "right" if found.text == asked_question["answer"] else "WRONG", found.score)
    write_json(folder / "expected.json", {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "document": "document.txt",
        "maximum_answer_length": MAXIMUM_ANSWER_LENGTH,
        "answers": expected,
    })


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
