import { cp, mkdir, mkdtemp, open as openFile, readFile, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { type ByteSource, type Checkpoint, createConverter, type FileSet, LongspanError } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";
import { onnx } from "@longspan/runtime-ort/onnx";

const converter = createConverter({ adapters: [torch(), paddle(), lightning(), onnx({ externalData: true })] });
const fixture = (path: string): string => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "longspan-test-")));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Case {
  readonly path: string;
  /** The file that is opened; undefined: the folder. */
  readonly fileName?: string;
  /** The file that is written again while the conversion goes on. */
  readonly written: string;
}

/** What every framework writes, and the files beside. */
const cases: readonly Case[] = [
  { path: "huggingface/question-answering", written: "model.safetensors" },
  { path: "huggingface/question-answering-sharded-safetensors", written: "model-00002-of-" },
  { path: "huggingface/question-answering-sharded-safetensors", written: "model.safetensors.index.json" },
  { path: "huggingface/question-answering-sharded-torch", written: "pytorch_model-00001-of-" },
  { path: "lightning", fileName: "lightning_qa.ckpt", written: "lightning_qa.ckpt" },
  { path: "lightning", fileName: "lightning_qa.ckpt", written: "config.json" },
  { path: "paddle", written: ".pdparams" },
  { path: "onnx", written: "model.onnx" },
  { path: "onnx", written: "model.onnx.data" },
];

/** Copies a fixture, or makes the ONNX file with external data. */
async function prepare({ path, fileName }: Case): Promise<{ readonly place: string; readonly fileName: string | undefined }> {
  const place = join(folder, "model");
  await rm(place, { recursive: true, force: true });
  if (path === "onnx") {
    await convertTo(directoryFileSet(fixture("huggingface/question-answering")), undefined, "onnx", place);
    return { place, fileName: "model.onnx" };
  }
  if (path === "paddle") {
    await convertTo(directoryFileSet(fixture("huggingface/question-answering")), undefined, "paddle", place);
    return { place, fileName };
  }
  await mkdir(place);
  const names = (await readdir(fixture(path), { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
  for (const name of names) await cp(join(fixture(path), name), join(place, name));
  return { place, fileName };
}

const open = (place: string): Promise<Checkpoint> => converter.open({ files: directoryFileSet(place) });

/** The error's code; undefined when all went well. */
async function outcome(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (LongspanError.isInstance(error)) return error.code;
    throw error;
  }
}

async function convertTo(files: FileSet, fileName: string | undefined, target: string, to: string): Promise<void> {
  const checkpoint = await converter.open({ files, fileName });
  try {
    await converter.convert(converter.plan(checkpoint, { target }), { sink: await directorySink(to) });
  } finally {
    await checkpoint.close();
  }
}

/** The last bytes are others, or in a text of JSON another white space: of the same size, and readable. */
async function writeAgain(path: string): Promise<void> {
  const bytes = await readFile(path);
  const text = path.endsWith(".json");
  const end = text ? bytes.lastIndexOf(0x20) : bytes.length - 1;
  bytes[end] = text ? 0x09 : (bytes[end] ?? 0) ^ 1;
  const handle = await openFile(path, "r+");
  await handle.write(bytes, 0, bytes.length, 0);
  await handle.close();
}

/** Counts readings, and writes a file again after so many of them. */
function written(place: string, file: string, after: number): { readonly files: FileSet; readonly readings: () => number } {
  let readings = 0;
  const inner = directoryFileSet(place);
  const counted = (source: ByteSource): ByteSource => ({
    ...source,
    async read(...given) {
      const bytes = await source.read(...given);
      if (readings++ === after) await writeAgain(join(place, file));
      return bytes;
    },
  });
  const resolve: FileSet["resolve"] = async (...given) => {
    const source = await inner.resolve(...given);
    return source === undefined ? undefined : counted(source);
  };
  return { files: { ...inner, resolve }, readings: () => readings };
}

test.each(cases)("$path: $written is written again while it is converted", async (which) => {
  const { place, fileName } = await prepare(which);
  const target = basename(which.path) === "paddle" ? "hf" : "paddle";
  const file = (await readdir(place)).find(
    (name) => name.includes(which.written) && (which.written !== "model.onnx" || name === "model.onnx"),
  );
  if (file === undefined) throw new Error(`no ${which.written} in ${place}`);
  const undisturbed = written(place, file, -1);
  await convertTo(undisturbed.files, fileName, target, join(folder, "undisturbed"));
  const readings = undisturbed.readings();
  let refused = 0;
  const moments = [0, 1, 2, 3, 0.25, 0.5, 0.75, 1].map((at, index) => (index < 4 ? at : Math.floor((readings - 1) * at)));
  for (const moment of new Set(moments)) {
    await prepare(which);
    const before = await readdir(folder);
    const code = await outcome(convertTo(written(place, file, moment).files, fileName, target, join(folder, "out")));
    if (code !== undefined) expect(await readdir(folder)).toEqual(before);
    if (code === "source-changed") {
      refused++;
      continue;
    }
    // It was opened after it had been written: then what happened is what happens to the file that is there now, whole.
    expect(await outcome(convertTo(directoryFileSet(place), fileName, target, join(folder, "again")))).toBe(code);
    if (code !== undefined) continue;
    const [one, other] = [await open(join(folder, "out")), await open(join(folder, "again"))];
    expect(await converter.verify(one, other)).toMatchObject({ equal: true });
    await Promise.all([one.close(), other.close()]);
    for (const name of ["out", "again"]) await rm(join(folder, name), { recursive: true });
  }
  expect(refused).toBeGreaterThan(0);
});
