import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import type { Target } from "../adapter/target.ts";
import { bytesSource } from "../bytes/bytes-source.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { DirectorySink } from "../bytes/sink.ts";
import type { FileSet } from "../bytes/file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { createConverter } from "../conversion/create-converter.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { heads, type Head } from "../longformer/head.ts";
import { isFloatingPoint } from "../tensor/data-type.ts";
import { seededCheckpoint } from "./seeded-checkpoint.ts";
import { testLayout } from "./test-layout.ts";
import type { TestKit } from "./test-kit.ts";

/**
 * The conformance kit of format adapters: run it on your own.
 *
 * ```ts
 * import { describe, expect, test } from "vitest";
 * import { testFormatAdapter } from "@longspan/core/testing";
 * testFormatAdapter({ describe, test, expect }, () => myAdapter());
 * ```
 *
 * Every layout is proved; every derivation must leave an ordinary model alone; every detector must bear any bytes; every target must
 * write what the adapter reads back with the same bits, for every head and float type it says it holds; what it wrote, cut or changed, must be
 * read or refused with a `LongspanError`; a failing or interrupted write must surface and leave nothing.
 */
export function testFormatAdapter(kit: TestKit, createAdapter: () => FormatAdapter): void {
  const { describe, test, expect } = kit;
  const adapter = createAdapter();
  describe(`format adapter ${adapter.name}`, () => {
    test("follows specification version 1 and names its parts in kebab case, each once", () => {
      expect(adapter.specificationVersion).toBe(1);
      for (const parts of [adapter.containers, adapter.envelopes, adapter.derivations ?? [], adapter.layouts, adapter.targets]) {
        const names = parts.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) ? name : `${name} is not kebab case`).toBe(name);
      }
    });

    test("is made anew by its factory: two of them share no state that a converter could disturb", () => {
      expect(createAdapter() === adapter).toBe(false);
    });

    test("its detectors bear any bytes", async () => {
      for (const bytes of strangeBytes()) {
        const source = bytesSource(bytes, "strange");
        for (const container of adapter.containers) {
          await container.detect({ source, head: bytes.subarray(0, 4096) });
        }
      }
    });

    for (const derivation of adapter.derivations ?? []) {
      test(`its derivation ${derivation.name} leaves every ordinary model as it is`, async () => {
        for (const head of heads) {
          const { name: source, files, tensors } = seededCheckpoint({ head, unused: true });
          const contents: EnvelopeContents = {
            tensors: tensors.map(({ sourceName, tensor }) => ({ name: sourceName, sourceName, tensor })),
            dropped: [],
            metadata: new Map(),
            warnings: [],
          };
          expect((await derivation.derive(contents, { source, files })) === undefined ? head : `${head} was changed`).toBe(head);
        }
      });
    }

    for (const layout of adapter.layouts) testLayout(kit, layout);
    for (const target of adapter.targets) testTarget(kit, createAdapter, target);
  });
}

function testTarget({ describe, test, expect }: TestKit, createAdapter: () => FormatAdapter, target: Target): void {
  const converter = createConverter({ adapters: [createAdapter()] });
  const floats = target.dataTypes.filter((type) => isFloatingPoint(type));

  async function write(source: Checkpoint, sink: DirectorySink, signal?: AbortSignal): Promise<void> {
    await converter.convert(converter.plan(source, { target: target.name }), { sink, signal });
  }

  async function writeAndOpen(source: Checkpoint, head: Head): Promise<{ files: ReadonlyMap<string, Uint8Array>; checkpoint: Checkpoint }> {
    const sink = memoryDirectorySink("written");
    await write(source, sink);
    return { files: sink.files, checkpoint: await converter.open({ files: memoryFileSet("written", sink.files) }, { head }) };
  }

  async function readAll(files: FileSet): Promise<void> {
    const checkpoint = await converter.open({ files });
    try {
      for (const { tensor } of checkpoint.tensors) await tensor.read();
    } finally {
      await checkpoint.close();
    }
  }

  describe(`target ${target.name}`, () => {
    for (const head of heads) {
      for (const dataType of floats) {
        test(`${head} in ${dataType} comes back bit for bit`, async () => {
          const source = seededCheckpoint({ head, dataType });
          const { checkpoint } = await writeAndOpen(source, head);
          expect({
            problem: checkpoint.problem?.message,
            layout: checkpoint.layout,
            container: checkpoint.container,
            orientation: checkpoint.orientation,
          }).toEqual({
            problem: undefined,
            layout: target.layout.name,
            container: target.container,
            orientation: "declared",
          });
          const { equal, compared, tensors } = await converter.verify(source, checkpoint);
          expect({ equal, compared, different: tensors.filter(({ differing }) => differing > 0).map(({ name }) => name) }).toEqual({
            equal: true,
            compared: source.tensors.length,
            different: [],
          });
          await checkpoint.close();
        });
      }
    }

    test("its folder carries config.json with the head's class and every key of the source", async () => {
      const source = seededCheckpoint({ head: "question-answering" });
      const { files, checkpoint } = await writeAndOpen(source, "question-answering");
      const config: unknown = JSON.parse(new TextDecoder().decode(files.get("config.json")));
      expect(config).toEqual({ ...source.config?.source, architectures: ["LongformerForQuestionAnswering"] });
      await checkpoint.close();
    });

    test(`${target.keepsUnused === true ? "keeps" : "drops, with a reason,"} a pooler that the head does not use`, () => {
      const plan = converter.plan(seededCheckpoint({ head: "question-answering", unused: true }), { target: target.name });
      const kept = plan.steps.some(({ canonicalName }) => canonicalName === "pooler.dense.weight");
      const dropped = plan.dropped.some(({ name, reason }) => name === "pooler.dense.weight" && reason !== "");
      expect({ kept, dropped }).toEqual({ kept: target.keepsUnused === true, dropped: target.keepsUnused !== true });
    });

    test("a file that was cut or changed is read, or refused with a LongspanError", async () => {
      const { files, checkpoint } = await writeAndOpen(seededCheckpoint({ head: "model" }), "model");
      await checkpoint.close();
      const largest = [...files].reduce((one, other) => (other[1].length > one[1].length ? other : one));
      const faults = new Set<string>();
      for (const [what, bytes] of damaged(largest[1])) {
        try {
          await readAll(memoryFileSet("damaged", new Map([...files, [largest[0], bytes]])));
        } catch (error) {
          if (!LongspanError.isInstance(error))
            faults.add(`${largest[0]}, ${what}: ${error instanceof Error ? error.message : "no Error"}`);
        }
      }
      expect([...faults].slice(0, 3)).toEqual([]);
    });

    test("a write that fails surfaces, and nothing remains", async () => {
      const failing = failingSink();
      const outcome = await write(seededCheckpoint({ head: "model" }), failing.sink).then(
        () => "written",
        (error: unknown) => (LongspanError.isInstance(error) ? error.code : "another error"),
      );
      expect({ outcome, ended: failing.ended() }).toEqual({ outcome: "disk-full", ended: "aborted" });
    });

    test("an interrupted write surfaces, and nothing remains", async () => {
      const sink = memoryDirectorySink("interrupted");
      const outcome = await write(seededCheckpoint({ head: "model" }), sink, AbortSignal.abort()).then(
        () => "written",
        (error: unknown) => (LongspanError.isInstance(error) ? error.code : "another error"),
      );
      expect({ outcome, files: sink.files.size }).toEqual({ outcome: "aborted", files: 0 });
    });
  });
}

/** How many places of a file are changed, and at how many it is cut: all that a header is, and some of what follows. */
const damagedPlaces = 64;

/** The file cut short, and with one byte changed: at its first places, and at others that lie further and further apart. */
function* damaged(bytes: Uint8Array): Generator<readonly [string, Uint8Array]> {
  for (let turn = 0; turn < damagedPlaces; turn++) {
    const place = Math.max(turn, Math.floor(bytes.length ** (turn / damagedPlaces)) - 1);
    if (place >= bytes.length) return;
    yield [`cut to ${place} bytes`, bytes.slice(0, place)];
    const changed = bytes.slice();
    changed[place] = (bytes[place] ?? 0) ^ (turn % 2 === 0 ? 0xff : 1);
    yield [`byte ${place} changed`, changed];
  }
}

/** A disk that is full after a hundred bytes. */
function failingSink(): { sink: DirectorySink; ended: () => string } {
  let ended = "open";
  let room = 100;
  const sink: DirectorySink = {
    name: "full disk",
    async file() {
      return {
        async write(bytes) {
          room -= bytes.byteLength;
          if (room < 0) throw new LongspanError("disk-full", "The disk is full.");
        },
        close: async () => {},
      };
    },
    supersede() {},
    async commit() {
      ended = "committed";
      return [];
    },
    async abort() {
      ended = "aborted";
    },
  };
  return { sink, ended: () => ended };
}

/** Empty, magic numbers of many formats cut short, text, and noise. */
function strangeBytes(): Uint8Array[] {
  const texts = [
    "",
    "PK",
    "PK\u0003\u0004",
    "\u0080\u0002",
    "\u0080\u0004\u0095",
    "\u0080\u0002\u008a\n",
    "{",
    '{"weight_map":',
    "<html>",
    "version https://git-lfs",
    "(dp0\n",
    "\u0000".repeat(600),
  ];
  const noise = Array.from({ length: 40 }, (_, seed) =>
    Uint8Array.from({ length: 16 * seed }, (__, index) => (Math.imul(index + 1, 2654435761 + seed * 97) >>> 13) & 0xff),
  );
  return [...texts.map((text) => Uint8Array.from(text, (character) => character.charCodeAt(0))), ...noise];
}
