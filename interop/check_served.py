"""Asks servers of ours with huggingface_hub's client, unchanged but for the address: for serve.ts.

python check_served.py TASK=ADDRESS …
"""

import sys

from huggingface_hub import InferenceClient

CONTEXT = "the cat sat on the mat."


def main():
    addresses = dict(argument.split("=", 1) for argument in sys.argv[1:])
    clients = {task: InferenceClient(address, timeout=60) for task, address in addresses.items()}

    answer = clients["question-answering"].question_answering(question="where did the cat sit?", context=CONTEXT)
    assert CONTEXT[answer.start : answer.end] == answer.answer, answer

    fillings = clients["fill-mask"].fill_mask("the <mask> sat.", top_k=3)
    assert len(fillings) == 3 and fillings[0].sequence.endswith(" sat."), fillings

    labels = clients["text-classification"].text_classification(CONTEXT, top_k=2)
    assert len(labels) == 2 and labels[0].score >= labels[1].score, labels

    entities = clients["token-classification"].token_classification(CONTEXT)
    assert all(CONTEXT[one.start : one.end] == one.word for one in entities) and entities[0].entity_group, entities

    vector = clients["feature-extraction"].feature_extraction(CONTEXT)
    assert vector.ndim == 1 and vector.dtype == "float32", vector.shape
    several = clients["feature-extraction"].feature_extraction([CONTEXT, "a dog read."], normalize=True)
    assert several.shape == (2, vector.shape[0]) and abs(float((several[0] ** 2).sum()) - 1) < 1e-5, several
    print("huggingface_hub's client is answered by every task")


if __name__ == "__main__":
    main()
