"""Trains a small Longformer to answer questions about long documents, on one processor core.

    python train.py --work <folder for progress>      (again with the same folder: goes on where it stopped)
"""

import argparse
import json
import math
import re
from pathlib import Path
from random import Random
from typing import Any, Iterator

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from tokenizers import ByteLevelBPETokenizer
from torch import nn
from torch.utils.data import DataLoader, IterableDataset
from transformers import LongformerConfig, LongformerModel, RobertaTokenizer

from facts import CITIES, PLACES, Difficulty, make_example, make_example_of_tokens

MODEL = Path(__file__).parent / "model"
SEED = 20200410
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
MAXIMUM_LENGTH = 4096
BATCH_TOKENS = 2048
STEPS = 8000

CONFIGURATION = LongformerConfig(
    architectures=["LongformerForQuestionAnswering"],
    vocab_size=1024, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=256,
    attention_window=[32, 32, 32], max_position_embeddings=MAXIMUM_LENGTH + 2, type_vocab_size=1, layer_norm_eps=1e-5,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.15,
)

# From easy to hard: sentences (or, for the last ones, tokens) in a document, and what it is made of.
# A stage is left once 93 % of the recent questions were answered exactly.
FACTS_ALONE = Difficulty(fact_share=(1, 1), twin_share=0)
STAGES = [
    {"sentences": (4, 6), "difficulty": FACTS_ALONE},
    {"sentences": (6, 16), "difficulty": FACTS_ALONE},
    {"sentences": (10, 30), "difficulty": Difficulty(twin_share=0)},
    {"sentences": (6, 20), "difficulty": Difficulty(fact_share=(0.3, 1))},
    {"tokens": (512, 2048), "difficulty": Difficulty()},
    {"tokens": (2048, 4096), "difficulty": Difficulty()},
]
MASTERED = 0.93
REPLAYED = 0.3


def train_tokenizer() -> RobertaTokenizer:
    """A byte-level BPE in which the names are whole words and a code is a row of single digits."""
    random = Random(f"tokenizer-{SEED}")
    documents = [make_example(random, 30, difficulty=Difficulty(fact_share=(0.3, 0.3))) for _ in range(300)]
    texts = [re.sub(r"\d+", "0", f"{example.question} {example.document}") for example in documents]
    texts += [" " + " ".join(CITIES + PLACES)] * 200 + [" 0 1 2 3 4 5 6 7 8 9"] * 500
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(texts, vocab_size=CONFIGURATION.vocab_size, special_tokens=SPECIAL_TOKENS, show_progress=False)
    MODEL.mkdir(exist_ok=True)
    bpe.save_model(str(MODEL))
    tokenizer = RobertaTokenizer(
        vocab=str(MODEL / "vocab.json"), merges=str(MODEL / "merges.txt"), model_max_length=MAXIMUM_LENGTH
    )
    tokenizer.save_pretrained(MODEL)
    names = {name: token for name, token in tokenizer.special_tokens_map.items() if isinstance(token, str)}
    (MODEL / "special_tokens_map.json").write_text(json.dumps(names, indent=2) + "\n")
    return tokenizer


class Documents(IterableDataset):
    """Endless batches of about `BATCH_TOKENS` tokens, at the stage that the curriculum has reached."""

    def __init__(self, tokenizer: RobertaTokenizer, curriculum: "Curriculum", seed: str):
        self.tokenizer, self.curriculum, self.seed = tokenizer, curriculum, seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        random = Random(self.seed)
        while True:
            stage = self.curriculum.stage
            if stage > 0 and random.random() < REPLAYED:
                stage = random.randrange(stage)
            yield self.batch(random, stage)

    def encode(self, random: Random, stage: dict[str, Any]) -> tuple[list[int], int, int]:
        """Token ids of `<s> question </s></s> document </s>`, and the answer's first and last token."""
        if "tokens" in stage:
            example = make_example_of_tokens(random, self.tokenizer, *stage["tokens"], stage["difficulty"])
        else:
            example = make_example(random, random.randint(*stage["sentences"]), difficulty=stage["difficulty"])
        encoding = self.tokenizer(example.question, example.document)
        first = encoding.char_to_token(example.answer_start, sequence_index=1)
        last = encoding.char_to_token(example.answer_start + len(example.answer) - 1, sequence_index=1)
        return encoding["input_ids"], first, last

    def batch(self, random: Random, stage: int) -> dict[str, Any]:
        rows = []
        while sum(len(ids) for ids, _, _ in rows) < BATCH_TOKENS * 0.9:
            rows.append(self.encode(random, STAGES[stage]))
        width = max(len(ids) for ids, _, _ in rows)
        pad, separator = self.tokenizer.pad_token_id, self.tokenizer.sep_token_id
        input_ids = torch.tensor([ids + [pad] * (width - len(ids)) for ids, _, _ in rows])
        # Documents are moved away from their questions, so that all positions are trained although few are long.
        shifts = torch.tensor([[random.randint(0, MAXIMUM_LENGTH - len(ids))] for ids, _, _ in rows])
        in_document = (input_ids == separator).cumsum(1) >= 2
        positions = torch.arange(width) + pad + 1 + shifts * in_document
        return {
            "stage": stage,
            "input_ids": input_ids,
            "attention_mask": (input_ids != pad).long(),
            "global_attention_mask": ((input_ids == separator).cumsum(1) == 0).long(),
            "position_ids": torch.where(input_ids != pad, positions, pad),
            "start_positions": torch.tensor([first for _, first, _ in rows]),
            "end_positions": torch.tensor([last for _, _, last in rows]),
        }


class LongformerQuestionAnswering(lightning.LightningModule):
    """A Longformer and a question answering head, under the names `model` and `qa_outputs`."""

    def __init__(self, config: dict[str, Any], learning_rate: float, steps: int):
        super().__init__()
        self.save_hyperparameters()
        self.model = LongformerModel(LongformerConfig(**config), add_pooling_layer=False)
        self.qa_outputs = nn.Linear(self.model.config.hidden_size, 2)
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        # Keys that equal the queries make a token attend to its own repetition from the start:
        # that is how a name in the document finds the same name in the question.
        for layer in self.model.encoder.layer:
            attention = layer.attention.self
            attention.key.weight.copy_(attention.query.weight)
            attention.key_global.weight.copy_(attention.query_global.weight)
        # Sinusoids (Vaswani et al., 2017, section 3.5), half as strong as the words, so that words decide first.
        table = self.model.embeddings.position_embeddings.weight
        rows, width = table.shape
        frequencies = torch.exp(torch.arange(0, width, 2) * (-math.log(10000) / width))
        angles = torch.arange(rows)[:, None] * frequencies
        scale = self.model.config.initializer_range * math.sqrt(2) / 2
        self.model.embeddings.token_type_embeddings.weight.zero_()
        table.copy_(torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1) * scale)

    def training_step(self, batch: dict[str, Any], index: int) -> dict[str, torch.Tensor]:
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "global_attention_mask", "position_ids")}
        logits = self.qa_outputs(self.model(**inputs).last_hidden_state)
        logits = logits.masked_fill(batch["attention_mask"][:, :, None] == 0, -1e4)
        start_logits, end_logits = logits.unbind(2)
        start, end = batch["start_positions"], batch["end_positions"]
        loss = (nn.functional.cross_entropy(start_logits, start) + nn.functional.cross_entropy(end_logits, end)) / 2
        exact = ((start_logits.argmax(1) == start) & (end_logits.argmax(1) == end)).float().mean()
        return {"loss": loss, "exact": exact}

    def configure_optimizers(self) -> dict[str, Any]:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.hparams.learning_rate, total_steps=self.hparams.steps, pct_start=0.05
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Curriculum(lightning.Callback):
    """Knows the stage of training, and moves on when it is mastered."""

    def __init__(self) -> None:
        self.stage, self.exact, self.loss = 0, 0.0, 0.0

    def state_dict(self) -> dict[str, Any]:
        return {"stage": self.stage, "exact": self.exact}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.stage, self.exact = state["stage"], state["exact"]

    def on_train_batch_end(self, trainer, module, outputs, batch, index) -> None:
        if batch["stage"] == self.stage:
            self.exact += 0.03 * (outputs["exact"].item() - self.exact)
            self.loss += 0.03 * (outputs["loss"].item() - self.loss)
        if trainer.global_step % 100 == 0:
            print(f"step {trainer.global_step}  stage {self.stage}  exact {self.exact:.3f}  loss {self.loss:.3f}", flush=True)
        if self.exact > MASTERED and self.stage < len(STAGES) - 1:
            self.stage, self.exact = self.stage + 1, 0.0
            print(f"step {trainer.global_step}  stage {self.stage} begins", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the progress of the training")
    parser.add_argument("--steps", type=int, default=STEPS, help="stop after so many steps of the schedule")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    lightning.seed_everything(SEED)
    tokenizer = train_tokenizer()
    CONFIGURATION.save_pretrained(MODEL)

    curriculum = Curriculum()
    progress = ModelCheckpoint(dirpath=arguments.work, save_last=True, save_top_k=0, every_n_train_steps=250)
    last = arguments.work / "last.ckpt"
    resumed = torch.load(last, weights_only=True)["global_step"] if last.exists() else 0
    documents = Documents(tokenizer, curriculum, seed=f"train-{SEED}-{resumed}")
    module = LongformerQuestionAnswering(CONFIGURATION.to_diff_dict(), learning_rate=1e-3, steps=STEPS)
    trainer = lightning.Trainer(
        accelerator="cpu", devices=1, max_steps=arguments.steps, gradient_clip_val=1.0, callbacks=[curriculum, progress],
        logger=False, enable_progress_bar=False, enable_model_summary=False,
    )
    trainer.fit(module, DataLoader(documents, batch_size=None), ckpt_path=last if resumed else None)
    trainer.save_checkpoint(MODEL / "longformer-qa.ckpt", weights_only=True)


if __name__ == "__main__":
    main()
