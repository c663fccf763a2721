// Full circle: converts fixtures to every target, back, and compares; then has the real frameworks load each file; then checks ONNX files
// (onnx.ts), what becomes of RoBERTas (roberta.ts), adapters of PEFT (peft.ts) and the server (serve.ts). Needs Python: `PYTHON=… PYTHON_TENSORFLOW=… PYTHON_FLAX=… npm run interop`, with the packages of fixtures/requirements.txt and interop/requirements.txt,
// of fixtures/requirements-tensorflow.txt, and of fixtures/requirements-flax.txt; PYTHON_OPTIMUM=… with those of interop/requirements-optimum.txt.
//
// `npm run interop -- --mutated N` compares changed files instead (mutated.ts).
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createConverter, type Head } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { torch } from "@longspan/adapter-torch";
import { onnx } from "@longspan/runtime-ort/onnx";
import flax from "../examples/custom-adapter/flax.ts";
import { checkHubCache } from "./hub.ts";
import { checkOnnxFiles } from "./onnx.ts";
import { checkMutatedFiles } from "./mutated.ts";
import { checkPeftFiles } from "./peft.ts";
import { checkRobertaFiles } from "./roberta.ts";
import { checkServed } from "./serve.ts";

interface Job {
  readonly source: string;
  /** The fixture whose `.expected.json` has the values: the source itself, or another file of the same model. */
  readonly values: string;
  readonly target: string;
  readonly sharded: boolean;
  readonly path: string;
  readonly head: string;
}

/** One fixture of each head, of each framework. */
const sources = [
  "fixtures/lightning/lightning_qa.ckpt",
  "fixtures/lightning/lightning-qa-without-pooler.ckpt",
  "fixtures/huggingface/model/model.safetensors",
  "fixtures/huggingface/question-answering/model.safetensors",
  "fixtures/huggingface/masked-lm/model.safetensors",
  "fixtures/roberta/grafts/roberta-masked-lm/pytorch_model.bin",
  "fixtures/roberta/grafts/roberta-question-answering/model.safetensors",
  "fixtures/sharded/deepspeed-zero2/latest",
  "fixtures/sharded/deepspeed-zero3/latest",
  "fixtures/sharded/dcp-rows-and-columns/.metadata",
  "fixtures/torchscript/rust/rust_model.ot",
  "fixtures/torchscript/exported/exported.pt2",
  ...["model", "masked-lm", "sequence-classification", "token-classification", "multiple-choice"].map(
    (head) => `fixtures/torch/heads/${head}/pytorch_model.bin`,
  ),
];
/** The masked language model, kept in other ways: with one name of each tied pair, or with torch's names in Paddle's axes. */
const tiedSources = [
  "save-model/model.safetensors",
  "decoder-alone/pytorch_model.bin",
  "decoder-alone/lightning.ckpt",
  "paddle-axes/model_state.pdparams",
  "paddle-decoder-alone/model_state.pdparams",
].map((path) => ({ source: `fixtures/tied/${path}`, values: "fixtures/torch/heads/masked-lm/pytorch_model.bin" }));
const shardBytes = 30_000;
/** Targets whose frameworks need transformers 4, so each an environment of its own. */
const ownEnvironments: ReadonlySet<string> = new Set(["tensorflow", "flax"]);

const { values: options } = parseArgs({
  options: { mutated: { type: "string" }, seed: { type: "string", default: "1" }, only: { type: "string", default: "" } },
});
const python = process.env.PYTHON ?? "python3";
const root = fileURLToPath(new URL("..", import.meta.url));
const converter = createConverter({ adapters: [torch(), paddle(), lightning(), tensorflow(), flax(), onnx()] });
const folder = await mkdtemp(join(tmpdir(), "longspan-interop-"));
const jobs: Job[] = [];
let different = 0;

try {
  const { mutated, seed, only } = options;
  const isWell =
    mutated === undefined ? checkConversions() : checkMutatedFiles({ count: Number(mutated), seed: Number(seed), only, python, folder });
  process.exitCode = (await isWell) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function checkConversions(): Promise<boolean> {
  for (const { source, values } of [...sources.map((path) => ({ source: path, values: path })), ...tiedSources]) {
    const { head, config }: { head: Head; config?: unknown } = JSON.parse(await readFile(join(root, `${values}.expected.json`), "utf8"));
    const path = join(root, source);
    const checkpoint = await converter.open({ files: directoryFileSet(dirname(path)), fileName: basename(path) }, { head, config });
    // A folder for transformers.js needs a tokenizer: `checkWithOptimum`.
    for (const target of converter.targets.filter(({ name }) => name !== "transformers.js")) {
      for (const sharded of target.shards === true ? [false, true] : [false]) {
        const written = join(folder, `${jobs.length}`);
        const plan = converter.plan(checkpoint, { target: target.name });
        await converter.convert(plan, { sink: await directorySink(written), shardBytes: sharded ? shardBytes : undefined });
        const back = await converter.open({ files: directoryFileSet(written) }, { head });
        const { equal, differing } = await converter.verify(checkpoint, back);
        await back.close();
        if (!equal) {
          different++;
          console.log(`FAIL  ${source} → ${target.name} → canonical: ${differing} values differ`);
        }
        jobs.push({ source, values, target: target.name, sharded, path: written, head });
      }
    }
    await checkpoint.close();
  }
  console.log(`${jobs.length} conversions read back, ${different} with a difference`);
  const list = await listJobs("files", (target) => !ownEnvironments.has(target));
  const { status, error } = spawnSync(python, [join(root, "interop/check_written_files.py"), list], {
    stdio: "inherit",
  });
  if (error !== undefined)
    console.error(
      `Python cannot be run (${error.message}): set PYTHON to one with the packages of fixtures/requirements.txt and interop/requirements.txt.`,
    );
  let othersAreWell = true;
  for (const framework of ownEnvironments) othersAreWell = (await checkInOwnEnvironment(framework)) && othersAreWell;
  const optimumIsWell = await checkWithOptimum(join(folder, "optimum"));
  const hubIsWell = error === undefined && (await checkHubCache(folder, python));
  const serverIsWell = error === undefined && (await checkServed(python));
  const onnxIsWell = error === undefined && (await checkOnnxFiles(join(folder, "onnx"), python));
  const robertasAreWell = error === undefined && (await checkRobertaFiles(converter, join(folder, "roberta"), python));
  const adaptersAreWell = error === undefined && (await checkPeftFiles(converter, join(folder, "peft"), python));
  const parts = [othersAreWell, optimumIsWell, hubIsWell, serverIsWell, onnxIsWell, robertasAreWell, adaptersAreWell];
  return status === 0 && different === 0 && parts.every(Boolean);
}

/** The trained example for transformers.js, and with optimum. */
async function checkWithOptimum(target: string): Promise<boolean> {
  const python = process.env.PYTHON_OPTIMUM;
  if (python === undefined) {
    console.error(
      "Folders for transformers.js are not checked with optimum: set PYTHON_OPTIMUM to a Python with the packages of interop/requirements-optimum.txt.",
    );
    return false;
  }
  const example = join(root, "examples/train-lightning-qa/model");
  const source = await converter.open({ files: directoryFileSet(example), fileName: "longformer-qa.ckpt" });
  await converter.convert(converter.plan(source, { target: "transformers.js" }), { sink: await directorySink(target) });
  await source.close();
  return spawnSync(python, [join(root, "interop/check_optimum.py"), target, example], { stdio: "inherit" }).status === 0;
}

async function checkInOwnEnvironment(framework: string): Promise<boolean> {
  const variable = `PYTHON_${framework.toUpperCase()}`;
  const python = process.env[variable];
  if (python === undefined) {
    console.error(
      `Files for ${framework} are not checked: set ${variable} to a Python with the packages of fixtures/requirements-${framework}.txt.`,
    );
    return false;
  }
  const list = await listJobs(framework, (target) => target === framework);
  const { status } = spawnSync(python, [join(root, `interop/check_${framework}_files.py`), list], { stdio: "inherit" });
  return status === 0;
}

/** Writes the jobs of some targets as a list for Python. @returns its path */
async function listJobs(name: string, isOfThem: (target: string) => boolean): Promise<string> {
  const list = join(folder, `${name}.json`);
  await writeFile(list, JSON.stringify(jobs.filter(({ target }) => isOfThem(target))));
  return list;
}
