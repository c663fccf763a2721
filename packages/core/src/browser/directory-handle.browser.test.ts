import { expect, test } from "vitest";
import { rawAdapter } from "../../test/raw-adapter.ts";
import { plainLayout } from "../../test/sample-model.ts";
import { createConverter } from "../conversion/create-converter.ts";
import { seededCheckpoint } from "../testing/seeded-checkpoint.ts";
import { directoryHandleFileSet } from "./directory-handle-file-set.ts";
import { directoryHandleSink } from "./directory-handle-sink.ts";

const converter = createConverter({ adapters: [rawAdapter([plainLayout])] });
const source = seededCheckpoint({ head: "question-answering" });
const plan = converter.plan(source, { target: "plain" });

async function emptyFolder(name: string): Promise<FileSystemDirectoryHandle> {
  const storage = await navigator.storage.getDirectory();
  await storage.removeEntry(name, { recursive: true }).catch(() => {});
  return storage.getDirectoryHandle(name, { create: true });
}

const namesIn = async (folder: FileSystemDirectoryHandle): Promise<readonly string[]> => {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names.toSorted();
};
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

test("a conversion into the page's storage opens again, every bit the same", async () => {
  const folder = await emptyFolder("converted");
  const written = await converter.convert(plan, { sink: directoryHandleSink(folder) });
  expect(written).toContain("converted/config.json");
  expect(await namesIn(folder)).toEqual(written.map((path) => path.slice("converted/".length)).toSorted());
  await using copy = await converter.open(directoryHandleFileSet(folder));
  expect(await converter.verify(source, copy)).toMatchObject({ equal: true, differing: 0 });
  await expect(converter.convert(plan, { sink: directoryHandleSink(folder) })).rejects.toMatchObject({ code: "target-exists" });
  await converter.convert(plan, { sink: directoryHandleSink(folder, { force: true }) });
  expect(await namesIn(folder)).toHaveLength(written.length);
});

test("nothing has its name before the commit, and nothing is left of an abort", async () => {
  const folder = await emptyFolder("aborted");
  const sink = directoryHandleSink(folder);
  const file = await sink.file("a.bin");
  await file.write(text("one"));
  expect(await namesIn(folder)).not.toContain("a.bin");
  await file.close();
  await (await sink.file("onnx/b.bin")).write(text("two"));
  await sink.abort();
  expect(await namesIn(folder)).toEqual(["onnx"]);
  expect(await namesIn(await folder.getDirectoryHandle("onnx"))).toEqual([]);
  await expect(sink.file("c.bin")).rejects.toMatchObject({ code: "closed" });
});

test("writes that do not wait for each other keep their order; what they supersede goes", async () => {
  const folder = await emptyFolder("order");
  const old = directoryHandleSink(folder);
  for (const name of ["model-1.bin", "keep.txt"]) {
    const file = await old.file(name);
    await file.write(text("old"));
    await file.close();
  }
  await old.commit();
  const sink = directoryHandleSink(folder, { force: true });
  sink.supersede([/^model-\d\.bin$/]);
  const file = await sink.file("model.bin");
  await Promise.all(["a", "b", "c"].map((letter) => file.write(text(letter))));
  await expect(sink.file("two.bin")).rejects.toMatchObject({ code: "argument-invalid" });
  await file.close();
  expect(await sink.commit()).toEqual(["order/model.bin"]);
  expect(await namesIn(folder)).toEqual(["keep.txt", "model.bin"]);
  const set = directoryHandleFileSet(folder);
  const model = await set.resolve("model.bin");
  expect(new TextDecoder().decode(await model?.read(0, 3))).toBe("abc");
  expect(await set.resolve("no.bin")).toBeUndefined();
  await expect(set.resolve("../x")).rejects.toMatchObject({ code: "unsupported" });
});
