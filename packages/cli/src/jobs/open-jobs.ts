import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";
import { openPipe } from "../read-once.ts";
import type { Terminal } from "../terminal.ts";
import { csvLines } from "./csv-lines.ts";
import type { JobLine, JobSource } from "./job.ts";
import { jsonLines } from "./jsonl-lines.ts";
import { parquetFile, parquetRows } from "./parquet-lines.ts";

/** What `--input` may be. */
export type InputFormat = "jsonl" | "csv" | "parquet";

const formatOfExtension: Readonly<Record<string, InputFormat>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
  tsv: "csv",
  parquet: "parquet",
};

/**
 * Opens a file of jobs, or standard input where the path is `-`.
 * @param asked the format; without it, the name's ending says it, and standard input is JSON Lines
 * @throws LongspanError `argument-invalid` for a format that nobody says; `not-found`, `permission-denied`; `malformed`.
 */
export async function openJobs(path: string, asked: InputFormat | undefined, { input }: Terminal): Promise<JobSource> {
  // What it is comes before what its name says.
  const size = path === "-" ? undefined : await sizeOf(path);
  const format = asked ?? (path === "-" ? "jsonl" : formatOfExtension[/\.([^.]+)$/.exec(path)?.[1]?.toLowerCase() ?? ""]);
  if (format === undefined)
    throw new LongspanError(
      "argument-invalid",
      `${path}: its name does not say what it is. Call it .jsonl, .csv or .parquet, or say --input-format.`,
      { details: { path } },
    );
  if (format === "parquet") return openParquet(path);
  const name = path === "-" ? "standard input" : path;
  const stream = path === "-" ? input : await openStream(path);
  let read = 0;
  async function* pieces(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for await (const piece of stream) {
        const bytes: Uint8Array = typeof piece === "string" ? Buffer.from(piece) : piece;
        yield bytes;
      }
    } catch (error) {
      throw fileSystemError(error, name, "read");
    }
  }
  const onRead = (bytes: number): void => void (read = bytes);
  const delimiter = /\.tsv$/i.test(path) ? "\t" : undefined;
  const lines: AsyncIterable<JobLine> =
    format === "csv" ? csvLines(pieces(), name, { delimiter, onRead }) : jsonLines(pieces(), name, onRead);
  return {
    name,
    lines,
    share: () => (size === undefined || size === 0 ? undefined : Math.min(1, read / size)),
    async close() {
      stream.destroy();
    },
  };
}

/** A file that can be seen may not be for us to open: that is said before anything is read. */
async function openStream(path: string): Promise<Readable> {
  try {
    return (await stat(path)).isFIFO() ? openPipe(path) : (await open(path)).createReadStream();
  } catch (error) {
    throw fileSystemError(error, path, "opened");
  }
}

async function openParquet(path: string): Promise<JobSource> {
  if (path === "-")
    throw new LongspanError("argument-invalid", "Parquet is read from its end: standard input cannot be. Give a file to --input.");
  const { count, lines } = await parquetRows(await parquetFile(path), path);
  let read = 0;
  async function* counted(): AsyncGenerator<JobLine, void, void> {
    for await (const line of lines) {
      read++;
      yield line;
    }
  }
  return { name: path, lines: counted(), count, share: () => (count === 0 ? undefined : read / count), close: async () => {} };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw new LongspanError(
        "argument-invalid",
        `${path} is a folder; --input takes a file of jobs. For its files, give --document ${path}.`,
      );
    // A pipe has no size.
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    throw fileSystemError(error, path, "opened");
  }
}
