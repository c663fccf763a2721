import { env, pipeline } from "@huggingface/transformers";
import { torch } from "@longspan/adapter-torch";
import { createConverter, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { onnx } from "@longspan/runtime-ort/onnx";
import { expect, test } from "vitest";
import { readFixture, readJsonFixture } from "../read-fixture.ts";
import { onnxruntimeFiles } from "./onnxruntime-files.ts";

/** A checkpoint as a folder for transformers.js, written in the page. */
async function written(model: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const fixture = async (name: string): Promise<[string, Uint8Array]> => [
    name.slice(name.lastIndexOf("/") + 1),
    await readFixture(`pipelines/${name}`),
  ];
  const files = memoryFileSet(
    model,
    Object.fromEntries(await Promise.all([`${model}/model.safetensors`, `${model}/config.json`].map(fixture))),
  );
  const tokenizer = memoryFileSet(
    "tokenizer",
    Object.fromEntries(await Promise.all(["byte-level/tokenizer.json", "byte-level/tokenizer_config.json"].map(fixture))),
  );
  const converter = createConverter({ adapters: [torch(), onnx()] });
  const source = await converter.open({ files });
  const sink = memoryDirectorySink("folder");
  await converter.convert(converter.plan(source, { target: "transformers.js" }), { sink, tokenizer });
  await source.close();
  return new Map([...sink.files].map(([name, bytes]) => [name, bytes.slice()]));
}

test("transformers.js runs in the page what was written in the page, on WebAssembly", async () => {
  const folder = await written("sequence-classification");
  const served = "https://models.example/somebody/model/";
  env.allowLocalModels = false;
  env.useBrowserCache = false;
  env.remoteHost = "https://models.example";
  env.remotePathTemplate = "{model}/";
  env.fetch = async (input: string | URL | Request) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.startsWith(served)) return fetch(input);
    const bytes = folder.get(url.slice(served.length));
    return bytes === undefined
      ? new Response(null, { status: 404 })
      : new Response(bytes, { headers: { "content-length": String(bytes.length) } });
  };
  if (env.backends.onnx.wasm === undefined) throw new Error("no WebAssembly");
  env.backends.onnx.wasm.wasmPaths = { ...onnxruntimeFiles };
  env.backends.onnx.wasm.numThreads = 1;
  const recorded = (await readJsonFixture("pipelines/other-pipelines.json")) as {
    readonly classifyText: readonly {
      readonly problemType: string;
      readonly text: string;
      readonly labels: readonly { label: string; score: number }[];
    }[];
  };
  const classify = await pipeline("text-classification", "somebody/model", { device: "wasm" });
  for (const { text, labels } of recorded.classifyText.filter(({ problemType }) => problemType === "single_label_classification")) {
    const found = (await classify(text, { top_k: labels.length })) as { label: string; score: number }[];
    expect(found.map(({ label }) => label)).toEqual(labels.map(({ label }) => label));
    for (const [index, { score }] of labels.entries()) expect(Math.abs((found[index]?.score ?? 0) - score)).toBeLessThan(5e-5);
  }
  await classify.dispose();
});
