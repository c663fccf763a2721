import { createConverter, type FileSet, type LongspanError, memoryFileSet } from "@longspan/core";
import { describe, expect, test } from "vitest";
import { fixtureBytes } from "../../test/fixtures.ts";
import { lightning } from "../lightning.ts";

const converter = createConverter({ adapters: [lightning()] });
const checkpoint = fixtureBytes("lightning/lightning_qa.ckpt");

function folderOf(...paths: readonly string[]): FileSet {
  return memoryFileSet("root", new Map(paths.map((path) => [path, path.endsWith(".ckpt") ? checkpoint : new Uint8Array(0)])));
}

async function nameOf(files: FileSet): Promise<string> {
  const { name, close } = await converter.open({ files });
  await close();
  return name;
}

async function refused(files: FileSet): Promise<LongspanError> {
  return converter.open({ files }).then(
    () => {
      throw new Error("it was opened");
    },
    (error: LongspanError) => error,
  );
}

describe("a run of Lightning", () => {
  test.each([
    ["lightning_logs/version_0/checkpoints/epoch=3-step=40.ckpt", "lightning_logs/version_0/hparams.yaml"],
    ["version_2/checkpoints/epoch=3-step=40.ckpt", "version_2/events.out.tfevents.1"],
    ["checkpoints/last.ckpt", "hparams.yaml", "events.out.tfevents.1"],
    ["last.ckpt", "events.out.tfevents.1"],
  ])("with one checkpoint opens it: %s", async (...paths) => {
    expect(await nameOf(folderOf(...paths))).toBe(`root/${paths[0]}`);
  });

  test("names its checkpoints, the newest first", async () => {
    const names = ["epoch=9-step=90.ckpt", "epoch=10-step=100.ckpt", "last.ckpt"];
    const error = await refused(folderOf(...names.map((name) => `version_0/checkpoints/${name}`)));
    expect(error.code).toBe("ambiguous-format");
    expect(error.message).toMatch(/last\.ckpt, epoch=10-step=100\.ckpt, epoch=9-step=90\.ckpt\. None is taken/);
    expect(error.details.newest).toBe("root/version_0/checkpoints/last.ckpt");
  });

  test("names its versions, the newest first", async () => {
    const error = await refused(folderOf("lightning_logs/version_9/checkpoints/a.ckpt", "lightning_logs/version_10/checkpoints/a.ckpt"));
    expect(error.message).toMatch(/2 runs.*version_10, version_9\. .*the newest is root\/lightning_logs\/version_10\./);
  });
});
