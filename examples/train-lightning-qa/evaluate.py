"""Measures the trained checkpoint on fresh documents with Hugging Face's LongformerForQuestionAnswering.

    python evaluate.py --documents 200 --shortest 3500 --longest 4096     (writes ACCURACY.md too)
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy
import torch
from transformers import AutoTokenizer, LongformerConfig, LongformerForQuestionAnswering, RobertaTokenizer
from transformers.pipelines.document_question_answering import select_starts_ends

from facts import Difficulty, make_example_of_tokens

MODEL = Path(__file__).parent / "model"
CHECKPOINT = "longformer-qa.ckpt"
MAXIMUM_ANSWER_LENGTH = 15  # tokens, as in Hugging Face's question answering pipeline


@dataclass(frozen=True)
class Answer:
    """The best span: character offsets in the document (end excluded), and what it was chosen from."""

    text: str
    start: int
    end: int
    score: float
    tokens: int
    start_token: int
    end_token: int
    start_logits: numpy.ndarray
    end_logits: numpy.ndarray


def load_model(folder: Path = MODEL) -> tuple[LongformerForQuestionAnswering, RobertaTokenizer]:
    """Every weight of the Lightning module under its Hugging Face name; a missing or an extra one is an error."""
    state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)["state_dict"]
    renamed = {name.replace("model.", "longformer.", 1) if name.startswith("model.") else name: value for name, value in state.items()}
    model = LongformerForQuestionAnswering(LongformerConfig.from_pretrained(folder))
    model.load_state_dict(renamed, strict=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder)


@torch.no_grad()
def find_answer(model: LongformerForQuestionAnswering, tokenizer: RobertaTokenizer, question: str, document: str) -> Answer:
    """Hugging Face's own decoding: softmax over the document (and `<s>`), best start × end of at most 15 tokens."""
    encoding = tokenizer(question, document, return_tensors="pt")
    output = model(encoding["input_ids"], attention_mask=encoding["attention_mask"])
    start_logits, end_logits = output.start_logits.numpy(), output.end_logits.numpy()
    outside = numpy.array([[part != 1 for part in encoding.sequence_ids(0)]], dtype=int)
    outside[0, 0] = 0
    starts, ends, scores, _ = select_starts_ends(
        start_logits, end_logits, outside, encoding["attention_mask"].numpy(), max_answer_len=MAXIMUM_ANSWER_LENGTH
    )
    offsets = encoding[0].offsets
    start, end = offsets[starts[0]][0], offsets[ends[0]][1]
    return Answer(
        document[start:end], start, end, float(scores[0]), encoding["input_ids"].shape[1],
        int(start_logits.argmax()), int(end_logits.argmax()), start_logits[0], end_logits[0],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--shortest", type=int, default=3500, help="tokens, with the question and the separators")
    parser.add_argument("--longest", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, default=MODEL, help="folder with the checkpoint, config.json and tokenizer")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load_model(arguments.model)

    # Training seeds begin with `train-`, these with `evaluate-`: no document is seen by both.
    kinds = {
        "one kind of place in each city": Difficulty(twin_share=0),
        "two kinds of places in half of the cities": Difficulty(twin_share=0.5),
    }
    lines = []
    for kind, difficulty in kinds.items():
        right, lengths = 0, []
        for number in range(arguments.documents):
            random = Random(f"evaluate-{arguments.seed}-{number}")
            example = make_example_of_tokens(random, tokenizer, arguments.shortest, arguments.longest, difficulty)
            found = find_answer(model, tokenizer, example.question, example.document)
            lengths.append(found.tokens)
            right += (found.text, found.start) == (example.answer, example.answer_start)
            if found.text != example.answer:
                print(f"document {number}: {example.question} {found.text!r} instead of {example.answer!r}, score {found.score:.3f}")
        share = f"{100 * right / arguments.documents:.1f} %"
        lines.append(f"| {kind} | {arguments.documents} | {min(lengths)}–{max(lengths)} | {right} | {share} |")
        print(lines[-1], flush=True)

    command = (
        f"python evaluate.py --documents {arguments.documents} --shortest {arguments.shortest}"
        f" --longest {arguments.longest} --seed {arguments.seed}"
    )
    (arguments.model.parent / "ACCURACY.md").write_text(ACCURACY.format(command=command, rows="\n".join(lines)))


ACCURACY = """# Accuracy

Exact match on fresh documents, which training never saw: the best span is the asked fact's answer, character for
character, at its place. Written by

```
{command}
```

| Documents | Questions | Tokens, question included | Right | Exact match |
| --- | ---: | ---: | ---: | ---: |
{rows}
"""


if __name__ == "__main__":
    main()
