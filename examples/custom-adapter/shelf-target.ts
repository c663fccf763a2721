import { dataTypes } from "@longspan/core";
import type { DataType, Target, TargetRequest } from "@longspan/core";
import { magic } from "./shelf-container.ts";
import type { ShelfEntry } from "./shelf-container.ts";
import { shelfLayout } from "./shelf-layout.ts";

/** What `--to shelf` writes: model.shelf, with config.json and the tokenizer's files beside it. */
export function shelfTarget(): Target {
  return {
    name: "shelf",
    description: "Shelf: model.shelf, config.json, tokenizer",
    layout: shelfLayout,
    container: "shelf",
    fileName: "model.shelf",
    fileExtensions: [".shelf"],
    supersedes: [],
    dataTypes: Object.keys(dataTypes) as DataType[],
    write,
  };
}

/** The tensors come named, transposed and cast as the layout says; all that is left is to put their bytes in order. */
async function write(request: TargetRequest): Promise<void> {
  const entries: ShelfEntry[] = request.tensors.map(({ tensor: { name, dataType, shape } }) => ({ name, dataType, shape }));
  const header = new TextEncoder().encode(JSON.stringify(entries));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.byteLength, true);

  const weights = await request.sink.file(request.fileName ?? "model.shelf");
  for (const part of [magic, length, header]) await weights.write(part);
  for (const { tensor } of request.tensors) await request.copy(tensor, weights);
  await weights.close();

  if (!request.directory) return;
  const config = await request.sink.file("config.json");
  await config.write(new TextEncoder().encode(`${JSON.stringify(request.config, null, 2)}\n`));
  await config.close();
  for (const { fileName, source } of request.sidecars) {
    const sidecar = await request.sink.file(fileName);
    await sidecar.write(await source.read(0, source.size));
    await sidecar.close();
  }
}
