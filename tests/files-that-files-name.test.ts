import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { createConverter } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";
import { onnx } from "@longspan/runtime-ort/onnx";

const converter = createConverter({ adapters: [torch(), onnx({ externalData: true })] });
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/huggingface/${name}`, import.meta.url));

let root: string;
const at = (...names: string[]): string => join(root, ...names);
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "longspan-test-")));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

interface Case {
  readonly make: (place: string) => Promise<void>;
  readonly fileName: string;
  /** The file that it names. */
  readonly named: string;
}

const sharded = (name: string, fileName: string, named: string): Case => ({
  make: (place) => cp(fixture(name), place, { recursive: true }),
  fileName,
  named,
});

const cases: Readonly<Record<string, Case>> = {
  "external data of ONNX": {
    async make(place) {
      await using checkpoint = await converter.open({ files: directoryFileSet(fixture("question-answering")) });
      await converter.convert(converter.plan(checkpoint, { target: "onnx" }), { sink: await directorySink(place) });
    },
    fileName: "model.onnx",
    named: "model.onnx.data",
  },
  "shards of safetensors": sharded("question-answering-sharded-safetensors", "model.safetensors.index.json", "model-00001-of-"),
  "shards of torch": sharded("question-answering-sharded-torch", "pytorch_model.bin.index.json", "pytorch_model-00001-of-"),
};

describe.each(Object.entries(cases))("%s", (_, { make, fileName, named: begin }) => {
  let named: string;
  const opened = async (place: string): Promise<string | undefined> => {
    await using checkpoint = await converter.open({ files: directoryFileSet(place), fileName });
    await checkpoint.weights().get("qa_outputs.weight")?.read();
    return checkpoint.problem?.code;
  };
  beforeEach(async () => {
    await make(at("model"));
    named = (await readdir(at("model"))).find((name) => name.startsWith(begin)) ?? `no file ${begin}`;
  });

  test.each<[string, (file: string) => Promise<void>]>([
    ["out of the folder", (file) => symlink("../secret", file)],
    ["out of the folder, absolutely", (file) => symlink(at("secret"), file)],
    [
      "through another link",
      async (file) => {
        await symlink("../secret", at("model", "harmless"));
        await symlink("harmless", file);
      },
    ],
    [
      "through a link to a folder",
      async (file) => {
        await symlink("..", at("model", "up"));
        await symlink("up/secret", file);
      },
    ],
  ])("a link %s is refused by its name", async (_way, link) => {
    await rename(at("model", named), at("secret"));
    await link(at("model", named));
    await expect(opened(at("model"))).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(`${at("model", fileName)} names the file ${at("model", named)}, which is a link out of the folder`),
    });
  });

  test("a link within the folder is followed", async () => {
    await rename(at("model", named), at("model", "elsewhere"));
    await symlink("elsewhere", at("model", named));
    expect(await opened(at("model"))).toBeUndefined();
  });

  test("all of Hugging Face's cache are links to one folder", async () => {
    await mkdir(at("blobs"));
    await mkdir(at("snapshots", "main"), { recursive: true });
    for (const [index, name] of (await readdir(at("model"))).entries()) {
      await rename(at("model", name), at("blobs", String(index)));
      await symlink(join("..", "..", "blobs", String(index)), at("snapshots", "main", name));
    }
    expect(await opened(at("snapshots", "main"))).toBeUndefined();
    // What is asked for by its own name is followed, too: nobody's file chose it.
    await using checkpoint = await converter.open({ files: directoryFileSet(at("snapshots", "main")), fileName });
    expect(checkpoint.configOrigin).toContain("config.json");
  });

  test.each(["../secret", "..", "sub/secret", "/etc/passwd", "..\\secret", "C:\\secret", "\\\\host\\share", "secret\u0000"])(
    "the name %j is refused",
    async (name) => {
      await writeFile(at("secret"), "");
      const path = at("model", fileName);
      const bytes = await readFile(path);
      const whole = `${name}${extname(named)}`;
      if (fileName.endsWith(".json")) await writeFile(path, bytes.toString().replaceAll(named, JSON.stringify(whole).slice(1, -1)));
      else await writeFile(path, renamed(bytes, named, name));
      await expect(opened(at("model"))).rejects.toMatchObject({ code: expect.stringMatching(/^(?:unsupported|not-found|malformed)$/) });
    },
  );
});

/** Another name of the same length: the lengths before it in the file stay. */
function renamed(bytes: Buffer, before: string, name: string): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll(before, name.padEnd(before.length, "x")), "latin1");
}
