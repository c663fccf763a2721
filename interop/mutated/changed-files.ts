// The files that are compared: whole ones of each format from the fixtures and from the frameworks, changed as the fuzzer changes them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mutate } from "../../proof/fuzz/mutate.ts";
import { random } from "../../proof/fuzz/random.ts";
import { legacyAround, safetensorsAround, torchZipAround } from "../../proof/hostile/made-around.ts";
import type { HostileFiles, ReaderName } from "../../proof/hostile/readers.ts";
import { seedsOf, type Seed } from "../../proof/hostile/seeds.ts";
import type { FrameworkName } from "./framework.ts";

export interface Format {
  readonly framework: FrameworkName;
  /** Readers whose seeds are changed, and what is made around the changed part of a file. */
  readonly of: readonly { readonly reader: ReaderName; readonly around?: (part: Uint8Array) => Uint8Array | Promise<Uint8Array> }[];
  readonly fileName: string;
}

export const formats = {
  torch: {
    framework: "torch",
    fileName: "pytorch_model.bin",
    of: [{ reader: "torch" }, { reader: "torch-pickle", around: torchZipAround }],
  },
  "torch legacy": {
    framework: "torch",
    fileName: "pytorch_model.bin",
    of: [{ reader: "legacy" }, { reader: "legacy-pickle", around: legacyAround }],
  },
  safetensors: {
    framework: "safetensors",
    fileName: "model.safetensors",
    of: [{ reader: "safetensors" }, { reader: "safetensors-json", around: safetensorsAround }],
  },
  paddle: { framework: "paddle", fileName: "model_state.pdparams", of: [{ reader: "paddle" }] },
  onnx: { framework: "onnx", fileName: "model.onnx", of: [{ reader: "onnx" }] },
} as const satisfies Readonly<Record<string, Format>>;

interface ChangedFile {
  readonly bytes: Uint8Array;
  readonly beside: HostileFiles;
}

/** Of some bytes more than the largest file that is changed, none becomes. */
const moreBytes = 4096;

/** The seeds that a framework wrote into a folder: each `.onnx`, with what lies beside it. */
export function seedsIn(folder: string, fileName: string): readonly Seed[] {
  const names = readdirSync(folder);
  const data = names.filter((name) => !name.endsWith(".onnx"));
  const beside = Object.fromEntries(data.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  return names
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => ({ name, fileName, bytes: new Uint8Array(readFileSync(join(folder, name))), beside }));
}

/** Changed files of a format, the same for the same seed. The first ones are whole: both have to read them alike. */
export async function* changedFiles(format: Format, count: number, seed: number, more: readonly Seed[]): AsyncGenerator<ChangedFile> {
  const numbers = random(seed);
  const kinds = await Promise.all(
    format.of.map(async (kind, at) => ({ ...kind, seeds: [...(await seedsOf(kind.reader)), ...(at === 0 ? more : [])] })),
  );
  for (const { seeds, around } of kinds) {
    for (const { bytes, beside } of seeds) yield { bytes: around === undefined ? bytes : await around(bytes), beside };
  }
  for (let index = 0; index < count; index++) {
    const { seeds, around } = numbers.of(kinds);
    const { bytes, beside } = numbers.of(seeds);
    const changed = mutate(bytes, numbers, [numbers.of(seeds).bytes], bytes.length + moreBytes);
    yield { bytes: around === undefined ? changed : await around(changed), beside };
  }
}
