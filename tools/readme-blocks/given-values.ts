import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lightning } from "@longspan/adapter-lightning";
import { torch, torchZipContainer } from "@longspan/adapter-torch";
import { createConverter, memoryDirectorySink, type ByteSink, type Checkpoint, type FormatAdapter, type LazyTensor } from "@longspan/core";
import { isTreeMap, parameterRules, stateDictEnvelope, type TreeValue } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { referenceRuntime } from "@longspan/core/runtime";
import { questionAnswering } from "@longspan/pipelines";

/** What a block that does not stand alone is given, and what has to be so when it has run. */
export interface GivenBlock {
  /** `root` is the repository's folder; the working folder has the files that the block names. */
  given(root: string): Promise<Readonly<Record<string, unknown>>>;
  /** Throws where what the block declared is not right. */
  check?(declared: never, root: string): unknown;
}

const question = "What is the access code of the Geneva station?";
const context = "The Krakow depot closes at noon. The Geneva station opens with the access code 39794.";
const adapters = [torch(), lightning()];
const trained = (root: string): string => join(root, "examples/train-lightning-qa/model/longformer-qa.ckpt");

const opened: Checkpoint[] = [];

async function open(root: string): Promise<Checkpoint> {
  const checkpoint = await createConverter({ adapters }).open(join(root, "fixtures/huggingface/question-answering"));
  opened.push(checkpoint);
  return checkpoint;
}

/** Closes what blocks were given. */
export async function closeGiven(): Promise<void> {
  for (const checkpoint of opened.splice(0)) await checkpoint.close();
}

async function firstTensor(root: string): Promise<unknown> {
  const [tensor] = (await open(root)).weights().values();
  return tensor;
}

function hold(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`not so: ${what}`);
}

/** By the README's path and the block's number in it, from 0. */
export const givenBlocks: Readonly<Record<string, GivenBlock>> = {
  "README.md:1": {
    given: async () => ({ adapters, question, context }),
    check: ({ answer }: { readonly answer: string }) => hold(answer === "39794", `the answer is ${answer}`),
  },
  "packages/adapter-torch/README.md:1": {
    given: async (root) => ({ bytes: await readFile(join(root, "fixtures/torch/heads/model/pytorch_model.bin")) }),
    check: ({ root }: { readonly root: TreeValue }) => hold(isTreeMap(root) && root.entries.length > 0, "a map of tensors"),
  },
  "packages/adapter-torch/README.md:2": {
    async given(root) {
      const request = {
        async copy(tensor: LazyTensor, to: ByteSink, observe?: (bytes: Uint8Array) => void) {
          const bytes = await tensor.readBytes(0, tensor.byteLength);
          observe?.(bytes);
          await to.write(bytes);
        },
      };
      return { sink: await memoryDirectorySink().file("archive.pt"), tensor: await firstTensor(root), request };
    },
  },
  "packages/cli/README.md:0": { given: async (root) => ({ model: trained(root), adapters }) },
  "packages/container-safetensors/README.md:0": {
    async given() {
      const myEnvelope = stateDictEnvelope({ name: "mine", detect: () => ({ specificity: 80, evidence: "any" }) });
      return {
        myEnvelope,
        myLayout: {
          name: "mine",
          trunkPrefix: "mine.",
          rules: parameterRules({
            linear: { weight: "w", transposed: false },
            normalization: { weight: "g", bias: "b" },
            embedding: { weight: "e" },
          }),
        },
      };
    },
    async check({ mine }: { mine(): FormatAdapter }, root) {
      const converter = createConverter({ adapters: [mine()] });
      const source = await open(root);
      const sink = memoryDirectorySink();
      await converter.convert(converter.plan(source, { target: "mine" }), { sink });
      hold(sink.files.has("model.safetensors"), "model.safetensors is written");
    },
  },
  "packages/container-safetensors/README.md:1": { given: async () => ({ myContainer: torchZipContainer }) },
  "packages/core/README.md:1": { given: async (root) => ({ source: await open(root) }) },
  "packages/documents/README.md:0": {
    given: async (root) => ({
      answerer: await questionAnswering({ model: trained(root), adapters, runtime: referenceRuntime() }),
      question: "What is the rent?",
    }),
  },
  "packages/pipelines/README.md:0": {
    given: async () => ({ question, context }),
    check: ({ answer }: { readonly answer: string }) => hold(answer === "39794", `the answer is ${answer}`),
  },
  "packages/pipelines/README.md:1": {
    given: async () => ({ adapters, runtime: referenceRuntime(), text: "Ada sailed to Oslo.", texts: ["one", "two"] }),
    check: ({ vectors }: { readonly vectors: readonly Float32Array[] }) => hold(vectors.length === 2, "two vectors"),
  },
  "packages/pipelines/README.md:2": {
    given: async (root) => ({
      answerer: await questionAnswering({ model: trained(root), adapters, runtime: referenceRuntime() }),
      files: [new File([context], "a.txt"), new File([context], "b.txt")],
      question,
      signal: new AbortController().signal,
    }),
  },
  "packages/pipelines/README.md:3": {
    given: async () => ({
      adapters,
      runtime: referenceRuntime(),
      question,
      context,
      start: context.indexOf("39794"),
      end: context.indexOf("39794") + 5,
    }),
    check: ({ probabilities }: { readonly probabilities: unknown }) => hold(probabilities !== undefined, "probabilities"),
  },
  "packages/runtime-ort/README.md:0": { given: async () => ({ question, context }) },
  "packages/runtime-ort/README.md:2": { given: async (root) => ({ source: await open(root) }) },
  "packages/runtime-ort/README.md:3": {
    async given(root) {
      const { config, head } = await open(root);
      if (config === null || head === null) throw new Error("no Longformer");
      return { graph: longformerGraph(config, head) };
    },
  },
  "packages/runtime-webgpu/README.md:0": { given: async () => ({ question, context }) },
  "packages/runtime-webgpu/README.md:1": { given: async (root) => ({ checkpoint: await open(root) }) },
  "packages/safetensors/README.md:1": {
    given: async (root) => ({ file: new Blob([await readFile(join(root, "fixtures/huggingface/question-answering/model.safetensors"))]) }),
    check: ({ source }: { readonly source: { readonly size: number } }) => hold(source.size > 0, "a size"),
  },
  "packages/safetensors/README.md:3": {
    given: async () => ({
      async sourceOf(name: string) {
        const bytes = await readFile(name);
        return { size: bytes.length, read: async (offset: number, length: number) => bytes.subarray(offset, offset + length) };
      },
    }),
  },
  "packages/safetensors/README.md:4": { given: async () => ({ tensors: [{ name: "weight", byteLength: 24 }] }) },
  "packages/serve/README.md:0": {
    async given(root) {
      const ending = new AbortController();
      const log = console.log;
      // The block tells where it listens: it is asked there, and ended.
      console.log = (address: string) => {
        console.log = log;
        void ask(address).finally(() => ending.abort());
      };
      process.env["PORT"] = "0";
      return { options: { model: join(root, "fixtures/pipelines/question-answering"), adapters, runtime: referenceRuntime() }, ending };
    },
  },
};

async function ask(address: string): Promise<void> {
  const body = JSON.stringify({ input: "one", model: "my-model" });
  const response = await fetch(`${address}/v1/embeddings`, { method: "POST", headers: { "content-type": "application/json" }, body });
  hold(response.ok, `the server answers: ${response.status} ${await response.text()}`);
}
