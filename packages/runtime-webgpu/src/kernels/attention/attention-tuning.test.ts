import { expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { knownMatrixShapes, withMatrixUnits } from "../../testing/matrix-units.ts";
import type { AttentionShape } from "./attention-plan.ts";
import { chooseAttention, tilingsOfChoice, type AttentionChoice, type AttentionTuningEntry } from "./attention-tuning.ts";
import { attentionVariations } from "./attention-variations.ts";
import { jointTilingsOf } from "./joint-tiling.ts";
import { headTilingsOf } from "./tiling.ts";

const facts: DeviceFacts = { ...defaultFacts, kind: "gpu" };
const storages = { queryStorage: "float32", hiddenStorage: "float32", weightStorage: "float32", contextStorage: "float32" } as const;
const shape: AttentionShape = { batch: 1, sequence: 1000, hidden: 768, heads: 12, oneSided: 256, slots: 16, joined: true, ...storages };
const staged = { kind: "staged", name: "staged" };

const entry = (part: "window" | "global", choice: AttentionChoice, other: Partial<AttentionShape> = {}): AttentionTuningEntry => ({
  part,
  shape: { ...shape, ...other },
  choice,
});

test("the nearest entry decides, for such heads and storages, near the tokens that were measured", () => {
  const tuning = {
    device: facts.name,
    entries: [
      entry("window", { windowSplits: 2 }, { sequence: 800 }),
      entry("window", { window: "staged" }, { sequence: 1800 }),
      entry("window", { windowSplits: 4 }, { sequence: 1000, heads: 6 }),
      entry("global", { globalForm: "direct" }, { slots: 64 }),
      entry("global", { globalForm: "reassociated", globalRows: "2x2" }, { slots: 1 }),
    ],
  };
  const choose = chooseAttention(tuning);
  const chosen = (other: Partial<AttentionShape>, of = facts) => choose(of, { ...shape, ...other });
  expect(chosen({ slots: 0 })).toEqual({ windowSplits: 2 });
  expect(chosen({ slots: 32 })).toEqual({ windowSplits: 2, globalForm: "direct" });
  expect(chosen({ slots: 4 })).toEqual({ windowSplits: 2, globalForm: "reassociated", globalRows: { rows: 2, ahead: 2 } });
  expect(chosen({ sequence: 1700, slots: 512 })).toEqual({ window: staged });
  // As many tokens in a batch are as much work.
  expect(chosen({ batch: 4, sequence: 250, slots: 64 })).toEqual({ windowSplits: 2, globalForm: "direct" });
  for (const far of [{ sequence: 390 }, { sequence: 3700 }, { oneSided: 128 }, { queryStorage: "float16" }, { joined: false }] as const)
    expect(chosen(far)).toEqual({});
  expect(chosen({}, { ...facts, name: "another device" })).toEqual({});
});

test("what a device cannot run for a shape is not taken, nor the rest of the choice", () => {
  const halves = { queryStorage: "float16", hiddenStorage: "float16", weightStorage: "float16", contextStorage: "float16" } as const;
  const [square] = knownMatrixShapes;
  if (square === undefined) throw new Error("there are shapes");
  const units = withMatrixUnits(facts, square);
  const limits = { maxComputeWorkgroupStorageSize: 49152, maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupSizeX: 1024 };
  const wide = { ...units, subgroups: { minimum: 32, maximum: 32 }, limits: { ...units.limits, ...limits } };
  const ofHalves = { ...shape, ...halves };
  const [joint] = jointTilingsOf(wide, 768);
  const window = headTilingsOf(wide, { length: 64, halves: true }).find(({ kind }) => kind === "matrix");
  if (joint === undefined || window === undefined) throw new Error("there are tilings of matrix units");
  expect(tilingsOfChoice(wide, ofHalves, { window: window.name, globalJoint: joint.name })).toEqual({ window, globalJoint: joint });
  expect(tilingsOfChoice(wide, shape, { window: window.name })).toBeUndefined();
  expect(tilingsOfChoice(facts, ofHalves, { windowSplits: 2, window: window.name })).toBeUndefined();
  expect(tilingsOfChoice(units, { ...ofHalves, hidden: 60, heads: 1 }, { globalJoint: joint.name })).toBeUndefined();
  expect(tilingsOfChoice(facts, shape, { globalJoint: "none" })).toEqual({ globalJoint: false });
  for (const damaged of [
    { window: "quads" },
    { windowSplits: 0 },
    { windowSplits: 1e9 },
    { windowSplits: Number.NaN },
    { globalForm: "both" },
    { direct: "" },
    { globalScores: "tile-1x1" },
    { globalMix: "matrix" },
    { globalRows: "64x64" },
  ])
    expect([damaged, tilingsOfChoice(wide, ofHalves, damaged as AttentionChoice)]).toEqual([damaged, undefined]);
});

test("every variation is of tilings that the device can run", () => {
  const [square] = knownMatrixShapes;
  if (square === undefined) throw new Error("there are shapes");
  for (const one of [facts, { ...withMatrixUnits(facts, square), compilesSlowly: false }]) {
    for (const storage of ["float32", "float16"] as const) {
      const of = { ...shape, queryStorage: storage, hiddenStorage: storage, weightStorage: storage, contextStorage: storage };
      for (const part of ["window", "global"] as const) {
        const all = [{}, { globalForm: "direct" } as const].flatMap((best) => [...attentionVariations(one, of, part, best)]);
        expect(all.length).toBeGreaterThan(part === "window" ? 4 : 10);
        for (const choice of all) expect([choice, tilingsOfChoice(one, of, choice)]).toEqual([choice, expect.any(Object)]);
      }
    }
  }
});
