import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** What lies in the repository, by the names under which READMEs speak of it. A folder's name stands for what is in it. */
const files: readonly (readonly [name: string, path: string])[] = [
  ["longformer-base-4096", "fixtures/huggingface/question-answering"],
  ["longformer-qa", "fixtures/pipelines/question-answering"],
  ["longformer-tf", "fixtures/tensorflow/heads/model"],
  ["runs/triviaqa", "examples/train-lightning-qa/model"],
  ["runs/triviaqa/epoch=3.ckpt", "examples/train-lightning-qa/model/longformer-qa.ckpt"],
  ["triviaqa.ckpt", "examples/train-lightning-qa/model"],
  ["triviaqa.ckpt", "examples/train-lightning-qa/model/longformer-qa.ckpt"],
  ["masked-lm", "fixtures/pipelines/masked-lm"],
  ["masked-lm", "fixtures/pipelines/byte-level"],
  ["classifier", "fixtures/pipelines/sequence-classification"],
  ["classifier", "fixtures/pipelines/byte-level"],
  ["tagger", "fixtures/pipelines/token-classification"],
  ["tagger", "fixtures/pipelines/byte-level"],
  ["model.safetensors", "fixtures/huggingface/question-answering/model.safetensors"],
  ["model.safetensors.index.json", "fixtures/huggingface/question-answering-sharded-safetensors"],
  ["model.pdparams", "packages/pickle/fixtures/paddle-4.pdparams"],
  ["contract.pdf", "fixtures/documents/lease.pdf"],
];

/** Puts the files that `code` names into `folder`; `root` is the repository's. */
export function prepareBlockFiles(code: string, folder: string, root: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, path] of files) {
    if (!new RegExp(`"(?:\\./)?${name.replaceAll(".", "\\.")}["/]`).test(code)) continue;
    // The files that lie beside the one which is named.
    const isBeside = /\.\w+$/.test(name) && !/\.\w+$/.test(path);
    cpSync(join(root, path), join(folder, isBeside ? dirname(name) : name), { recursive: true });
  }
}
