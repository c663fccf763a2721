import { describe, expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig, turnedLayout } from "../../test/sample-model.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { createConverter } from "./create-converter.ts";
import type { OpenOptions } from "./open-checkpoint.ts";

const adapter = rawAdapter([plainLayout, turnedLayout]);
const model = rawModel(compileLayout(plainLayout, createLongformerSpec(sample(), "question-answering")).parameters);
const files = memoryFileSet("folder", {
  "model.raw": model,
  "config.json": new TextEncoder().encode(JSON.stringify(sampleConfig)),
});
const open = async (adapters: readonly FormatAdapter[], options: Omit<OpenOptions, "adapters"> = {}): Promise<Checkpoint> =>
  createConverter({ adapters }).open({ files }, options);

describe("what is asked for by a name that nobody has", () => {
  test("a target: the message lists those there are", async () => {
    const source = await open([adapter]);
    expect(() => createConverter({ adapters: [adapter] }).plan(source, { target: "no-such-target" })).toThrow(
      expect.objectContaining({
        code: "target-unknown",
        message: 'There is no target "no-such-target". There are: plain, turned.',
        details: { target: "no-such-target" },
      }),
    );
  });

  test("a layout to write", async () => {
    const source = await open([adapter]);
    expect(() => createConverter({ adapters: [adapter] }).plan(source, { target: "plain", layout: "no-such-layout" })).toThrow(
      expect.objectContaining({ code: "layout-unknown", message: 'There is no layout "no-such-layout". There are: plain, turned.' }),
    );
  });

  test("a layout to read", async () => {
    await expect(open([adapter], { layout: "no-such-layout" })).rejects.toMatchObject({
      code: "layout-unknown",
      message: 'There is no layout "no-such-layout". There are: plain, turned; or give a layout file.',
    });
  });
});

test("two adapters that claim one file as firmly are both named", async () => {
  const [container] = adapter.containers;
  if (container === undefined) throw new Error("the adapter has a container");
  const twin: FormatAdapter = {
    specificationVersion: 1,
    name: "twin",
    containers: [{ ...container, name: "twin" }],
    envelopes: [],
    layouts: [],
    targets: [],
  };
  await expect(open([adapter, twin])).rejects.toMatchObject({
    code: "ambiguous-format",
    message: expect.stringMatching(/could be "raw" \(RAW\) or "twin" \(RAW\).*Pass only the adapter that fits/) as string,
    details: { candidates: ["raw", "twin"] },
  });
});
