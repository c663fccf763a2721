import { LongspanError } from "@longspan/core";
import type { JobLine } from "./job.ts";

/** A Parquet file's rows, and how many it says that it has. */
export interface ParquetRows {
  readonly count: number;
  readonly lines: AsyncIterable<JobLine>;
}

/**
 * The rows of a Parquet file, a row group at a time, in every compression that Parquet has.
 * @throws LongspanError `malformed` for a file that is none.
 */
export async function parquetRows(path: string): Promise<ParquetRows> {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const readable = async <Result>(read: () => Promise<Result>): Promise<Result> => {
    try {
      return await read();
    } catch (error) {
      throw new LongspanError(
        "malformed",
        `${path} cannot be read as Parquet: ${error instanceof Error ? error.message : String(error)}.`,
        {
          cause: error,
          details: { path },
        },
      );
    }
  };
  const file = await readable(async () => asyncBufferFromFile(path));
  const metadata = await readable(async () => parquetMetadataAsync(file));
  async function* lines(): AsyncGenerator<JobLine, void, void> {
    let number = 0;
    for (const group of metadata.row_groups) {
      const rowStart = number;
      const rowEnd = number + Number(group.num_rows);
      const rows = await readable(async () => parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd }));
      for (const row of rows) yield { number: ++number, fields: plainFields(row) };
    }
  }
  return { count: Number(metadata.num_rows), lines: lines() };
}

/** 64-bit integers as numbers where they are exact, else as text. */
function plainFields(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value !== "bigint") return [name, value];
      return [name, Number.isSafeInteger(Number(value)) ? Number(value) : String(value)];
    }),
  );
}
