import { rm } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { checkText } from "../arguments/check-text.ts";
import type { ByteSink, DirectorySink } from "../bytes/sink.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { type FileByteSink, fileByteSink } from "./file-byte-sink.ts";
import { protectedSources } from "./file-identity.ts";
import { moveFile } from "./move-files.ts";
import type { SinkOptions } from "./sink-options.ts";
import { removeOrphans, stagingPath } from "./staging.ts";
import { syncDirectory } from "./sync-directory.ts";
import { checkFolder, existsError, targetStats } from "./target-folder.ts";

const optionNames: OptionNames<SinkOptions> = { force: true, sources: true, onNote: true };

/**
 * One file of a given path, all or nothing: `file()` takes its name only, and only once. The file appears at `commit()`, complete and on the disk; until then it lies beside
 * its place as `.NAME.longspan-staging-…`. Where the path is a symbolic link, the link is replaced and what it leads to stays: in Hugging Face's cache that is shared.
 *
 * @throws LongspanError `target-exists`, `target-is-source`, `argument-invalid` (a folder or a device where the file should be), `not-found` (no folder to hold it), `permission-denied`
 */
export async function fileSink(path: string, options: SinkOptions = {}): Promise<DirectorySink> {
  checkText(path, "The file to write", "model.safetensors");
  checkOptions(options, optionNames, "fileSink");
  const { force = false, onNote = () => {} } = options;
  const absolute = resolve(path);
  const folder = dirname(absolute);
  const sources = await protectedSources(options.sources ?? []);
  const staging = stagingPath(folder, absolute);
  await checkTarget();
  await checkFolder(folder, path);
  await removeOrphans(folder, absolute, onNote);
  let sink: FileByteSink | undefined;
  let state: "new" | "writing" | "closed" | "ended" = "new";

  async function checkTarget(): Promise<void> {
    const stats = await targetStats(path);
    if (stats === undefined) return;
    if (stats.isDirectory())
      throw new LongspanError("argument-invalid", `${path} is a folder, and a file is to be written. Name a file in it.`, {
        details: { path },
      });
    if (!stats.isFile())
      throw new LongspanError("argument-invalid", `${path} is a device or a pipe; only files are written.`, { details: { path } });
    await sources.check(path);
    if (!force) throw existsError(path, "exists already. Pass --force (option force) to replace it.");
  }

  async function discard(): Promise<void> {
    state = "ended";
    await sink?.abandon();
    if (sink === undefined) return;
    await rm(staging, { force: true }).catch(() => {
      onNote(`${staging} could not be removed. Remove it by hand.`);
    });
  }

  return {
    name: path,
    async file(fileName): Promise<ByteSink> {
      if (state === "ended")
        throw new LongspanError("closed", `${path}: this output has been committed or aborted.`, { details: { path } });
      if (fileName !== basename(absolute) || state !== "new") {
        throw new LongspanError(
          "argument-invalid",
          `${path} is written as one file; ${JSON.stringify(fileName)} cannot be written beside it. Write to a folder.`,
          {
            details: { path, fileName },
          },
        );
      }
      const opened = await fileByteSink(staging, path);
      sink = opened;
      state = "writing";
      return {
        write: (bytes) => opened.write(bytes),
        async close() {
          await opened.close();
          if (state === "writing") state = "closed";
        },
      };
    },
    supersede() {
      // Only the one file is touched.
    },
    async commit() {
      if (state !== "closed")
        throw new LongspanError(state === "ended" ? "closed" : "argument-invalid", `${path}: ${unready[state]}.`, { details: { path } });
      try {
        await checkTarget();
        await moveFile(staging, absolute, force);
        await syncDirectory(folder);
      } finally {
        await discard();
      }
      return [path];
    },
    abort: discard,
  };
}

const unready = {
  new: "nothing has been written",
  writing: "the file has not been closed",
  ended: "this output has been committed or aborted",
} as const;
