// The promises of README, each as a property that is tried on many inputs. What else proves them: the corpus (proof/hostile), the fuzzer (proof/fuzz.ts), and
// the interrupted runs (proof/faults.ts).
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, asyncProperty, constantFrom, double, integer } from "fast-check";
import {
  type ByteSource,
  createConverter,
  type DirectorySink,
  type FileSet,
  LongspanError,
  memoryDirectorySink,
  memoryFileSet,
} from "@longspan/core";
import { directoryFileSet } from "@longspan/core/node";
import { seededCheckpoint, smallConfig } from "@longspan/core/testing";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { expect, test } from "vitest";
import { generatedCheckpoint } from "../bench/generated-checkpoint.ts";
import { tensorsOf } from "../fixtures/hostile/hostile-case.ts";
import { outcomeOf, type ReaderName } from "./hostile/readers.ts";
import { seedsOf } from "./hostile/seeds.ts";

const converter = createConverter({ adapters: [torch(), paddle()] });

test('"Never silently wrong": a file that is cut off anywhere is refused, or its values are those of the whole file', async () => {
  const kinds: readonly ReaderName[] = ["torch", "legacy", "safetensors", "paddle", "pdiparams", "hdf5"];
  const property = asyncProperty(
    constantFrom(...kinds),
    integer({ min: 0, max: 1000 }),
    double({ min: 0, max: 1, noNaN: true }),
    async (reader, which, part) => {
      const seeds = await seedsOf(reader);
      const seed = seeds[which % seeds.length];
      if (seed === undefined) return;
      const read = async (bytes: Uint8Array): Promise<string | undefined> => {
        const outcome = await outcomeOf(reader, { [seed.fileName]: bytes }, seed.fileName);
        return "refused" in outcome ? undefined : JSON.stringify(tensorsOf(outcome.read));
      };
      const cut = await read(seed.bytes.slice(0, Math.floor(part * seed.bytes.length)));
      if (cut !== undefined) expect(cut).toBe(await read(seed.bytes));
    },
  );
  await assert(property, { numRuns: 150, seed: 1 });
});

test('"Never silently wrong": what is converted and converted back has every bit that it had', async () => {
  const property = asyncProperty(
    constantFrom("hf", "torch", "torch-legacy", "paddle", "paddle-safetensors"),
    constantFrom("question-answering", "masked-lm", "token-classification"),
    async (target, head) => {
      const source = seededCheckpoint({ head });
      const sink = memoryDirectorySink();
      await converter.convert(converter.plan(source, { target }), { sink });
      await using back = await converter.open({ files: memoryFileSet("written", new Map(sink.files)) }, { head });
      expect((await converter.verify(source, back)).equal).toBe(true);
    },
  );
  await assert(property, { numRuns: 12, seed: 1 });
});

test('"Checked against the model": a parameter that is renamed, left out or of another shape is named, and no weights are given', async () => {
  const sink = memoryDirectorySink();
  await converter.convert(converter.plan(seededCheckpoint({ head: "question-answering" }), { target: "hf" }), { sink });
  const config = sink.files.get("config.json") ?? new Uint8Array(0);
  const whole = sink.files.get("model.safetensors") ?? new Uint8Array(0);
  const length = new DataView(whole.buffer, whole.byteOffset).getUint32(0, true);
  type Entry = { shape: number[] };
  const header: Record<string, Entry> = JSON.parse(new TextDecoder().decode(whole.subarray(8, 8 + length)));
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  const changes: Readonly<Record<string, (entries: Record<string, Entry>, name: string) => void>> = {
    renamed(entries, name) {
      entries[`${name}x`] = entries[name] ?? { shape: [] };
      delete entries[name];
    },
    // Its values go under the name of a tensor that no model has.
    "left out"(entries, name) {
      entries["other.values"] = entries[name] ?? { shape: [] };
      delete entries[name];
    },
    "of another shape": (entries, name) => entries[name]?.shape.push(1),
  };
  const property = asyncProperty(constantFrom(...names), constantFrom(...Object.keys(changes)), async (name, change) => {
    const entries = structuredClone(header);
    changes[change]?.(entries, name);
    const changed = new TextEncoder().encode(JSON.stringify(entries));
    const file = new Uint8Array(8 + changed.length + whole.length - 8 - length);
    new DataView(file.buffer).setUint32(0, changed.length, true);
    file.set(changed, 8);
    file.set(whole.subarray(8 + length), 8 + changed.length);
    const files = memoryFileSet("changed", { "config.json": config, "model.safetensors": file });
    await using checkpoint = await converter.open({ files });
    const ends = await Promise.resolve()
      .then(() => checkpoint.weights())
      .then(
        () => "weights",
        (error: unknown) => (LongspanError.isInstance(error) ? `${error.code}: ${error.message}` : `a plain error: ${String(error)}`),
      );
    expect(ends).toMatch(/^(?:weights-mismatch|config-mismatch): /);
    expect(ends).toContain(`${name.replace("longformer.", "")}"`);
    const others = checkpoint.tensors.filter(({ role }) => role === "unexpected").map(({ sourceName }) => sourceName);
    expect(others).toEqual({ renamed: [`${name}x`], "left out": ["other.values"] }[change] ?? []);
    await expect(async () =>
      converter.convert(converter.plan(checkpoint, { target: "paddle" }), { sink: memoryDirectorySink() }),
    ).rejects.toThrow(/lacks|disagrees/);
  });
  await assert(property, { numRuns: 60, seed: 1 });
});

test('"Of one moment": a file that is written to while it is read is refused, or what is made of it is what it was', async () => {
  const sink = memoryDirectorySink();
  await converter.convert(converter.plan(seededCheckpoint({ head: "question-answering" }), { target: "hf" }), { sink });
  const folder = await mkdtemp(join(tmpdir(), "longspan-moment-"));
  const path = join(folder, "model.safetensors");
  const whole = sink.files.get("model.safetensors") ?? new Uint8Array(0);
  await writeFile(join(folder, "config.json"), sink.files.get("config.json") ?? "");
  const ends = { written: 0, refused: 0 };
  try {
    const convert = async (moment: number, at: number): Promise<string> => {
      await writeFile(path, whole);
      let event = 0;
      const change = (): void => {
        if (event++ !== moment) return;
        const file = openSync(path, "r+");
        writeSync(file, Uint8Array.of(0x5a, 0xa5, 0x5a), 0, 3, Math.floor(at * (whole.length - 3)));
        closeSync(file);
      };
      const out = memoryDirectorySink();
      try {
        await using checkpoint = await converter.open({ files: directoryFileSet(folder) });
        change();
        await converter.convert(converter.plan(checkpoint, { target: "torch" }), { sink: out, onProgress: change });
        ends.written++;
        return JSON.stringify([...out.files].map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]));
      } catch (error) {
        ends.refused++;
        return LongspanError.isInstance(error) ? error.code : `a plain error: ${String(error)}`;
      }
    };
    const undisturbed = await convert(-1, 0);
    const property = asyncProperty(integer({ min: 0, max: 120 }), double({ min: 0, max: 1, noNaN: true }), async (moment, at) => {
      expect(["source-changed", undisturbed]).toContain(await convert(moment, at));
    });
    await assert(property, { numRuns: 60, seed: 1 });
    expect(Math.min(ends.written, ends.refused)).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('"Streamed": whatever a tensor has, no more than a few megabytes of it are read or written at a time', async () => {
  const most = 4 * 2 ** 20;
  const property = asyncProperty(constantFrom("hf", "torch", "paddle"), integer({ min: 30_000, max: 60_000 }), async (target, words) => {
    const config = { ...smallConfig, vocab_size: words, hidden_size: 64, num_attention_heads: 4 };
    const source = memoryDirectorySink();
    await converter.convert(converter.plan(generatedCheckpoint(config, "question-answering"), { target: "hf" }), { sink: source });
    const sizes = { read: 0, written: 0 };
    const files = memoryFileSet("source", new Map(source.files));
    const counted: FileSet = {
      ...files,
      async resolve(name, options) {
        const file = await files.resolve(name, options);
        if (file === undefined) return undefined;
        const read: ByteSource["read"] = (offset, length, how) => {
          sizes.read = Math.max(sizes.read, length);
          return file.read(offset, length, how);
        };
        return { name: file.name, size: file.size, read, close: () => file.close() };
      },
    };
    const sink: DirectorySink = {
      ...memoryDirectorySink(),
      async file() {
        return {
          close: async () => {},
          async write(bytes) {
            sizes.written = Math.max(sizes.written, bytes.length);
          },
        };
      },
    };
    await using checkpoint = await converter.open({ files: counted });
    await converter.convert(converter.plan(checkpoint, { target }), { sink });
    expect(words * 64 * 4).toBeGreaterThan(most);
    for (const size of Object.values(sizes)) {
      expect(size).toBeLessThanOrEqual(most);
      expect(size).toBeGreaterThan(0);
    }
  });
  await assert(property, { numRuns: 6, seed: 1 });
});

/** What proof/promises/read-pickles.ts says. */
interface PicklesRead {
  readonly runs: number;
  readonly read: number;
  readonly refused: number;
  readonly traps: number;
  readonly touched: readonly string[];
  readonly problem: string;
}

test('"Nothing is executed": a pickle that names any function, and calls it in any way, is read or refused, and nothing is called', () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const permissions = ["--permission", `--allow-fs-read=${root}*`, "--disallow-code-generation-from-strings"];
  const runs = 1500;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...permissions, "--conditions=@longspan/source", `${root}proof/promises/read-pickles.ts`, String(runs)],
    { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  expect(stdout, stderr).toMatch(/^\{.*\}\n$/);
  const report: PicklesRead = JSON.parse(stdout);
  expect(report).toMatchObject({ problem: "", touched: [], runs });
  // Both happen, and there was something to touch.
  expect(Math.min(report.read, report.refused, report.traps)).toBeGreaterThan(50);
  expect(existsSync("/tmp/longspan-was-here")).toBe(false);
});

test('"atomic": whichever write fails, nothing appears, and the failure is told', async () => {
  const property = asyncProperty(constantFrom("hf", "torch", "paddle"), integer({ min: 0, max: 60 }), async (target, failing) => {
    const inner = memoryDirectorySink();
    let writes = 0;
    const sink: DirectorySink = {
      ...inner,
      async file(name) {
        const file = await inner.file(name);
        return {
          close: () => file.close(),
          async write(bytes) {
            if (writes++ === failing) throw new Error("the disk is gone");
            await file.write(bytes);
          },
        };
      },
    };
    const ends = await converter.convert(converter.plan(seededCheckpoint({ head: "question-answering" }), { target }), { sink }).then(
      () => "written",
      (error: unknown) => String(error),
    );
    if (ends === "written") expect(writes).toBeLessThanOrEqual(failing);
    else expect([ends, inner.files.size]).toEqual([expect.stringContaining("the disk is gone"), 0]);
  });
  await assert(property, { numRuns: 30, seed: 1 });
});
