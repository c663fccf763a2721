import { expect, test } from "vitest";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import { treeMap } from "../checkpoint/tree-map.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

function adapterThatThrows(where: "container" | "envelope", error: Error): FormatAdapter {
  const refuse = (): never => {
    throw error;
  };
  const contents = { root: treeMap([]), attributes: new Map<string, string>(), warnings: [], close: async () => {} };
  return {
    specificationVersion: 1,
    name: "broken",
    containers: [
      {
        name: "broken",
        entryNames: [],
        detect: () => ({ specificity: 90, evidence: "all" }),
        open: async () => (where === "container" ? refuse() : contents),
      },
    ],
    envelopes: [{ name: "broken", detect: () => ({ specificity: 90, evidence: "all" }), open: refuse }],
    layouts: [],
    targets: [],
  };
}

const files = memoryFileSet("folder", { "model.x": new Uint8Array(8) });

test.each(["container", "envelope"] as const)("an error out of a %s names the file, whoever wrote it", async (where) => {
  const open = async (error: Error): Promise<unknown> =>
    openCheckpoint({ files, fileName: "model.x" }, { adapters: [adapterThatThrows(where, error)] });
  await expect(open(new LongspanError("malformed", "It is odd."))).rejects.toMatchObject({
    code: "malformed",
    message: "folder/model.x: It is odd.",
  });
  await expect(open(new LongspanError("malformed", "model.x is odd."))).rejects.toMatchObject({ message: "model.x is odd." });
  await expect(open(new LongspanError("io-failed", "The disk is gone."))).rejects.toMatchObject({ message: "The disk is gone." });
});
