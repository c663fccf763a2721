import { LongspanError } from "@longspan/core";
import type { JobLine } from "./job.ts";

/** A Parquet file's rows, and how many it says that it has. */
export interface ParquetRows {
  readonly count: number;
  readonly lines: AsyncIterable<JobLine>;
}

/** A file of which parts can be read: hyparquet's `AsyncBuffer`. */
export interface ParquetFile {
  readonly byteLength: number;
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/** A file on disk. @throws LongspanError `malformed` when it cannot be read. */
export async function parquetFile(path: string): Promise<ParquetFile> {
  const { asyncBufferFromFile } = await import("hyparquet");
  return readable(path, async () => asyncBufferFromFile(path));
}

async function readable<Result>(path: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const message = `${path} cannot be read as Parquet: ${error instanceof Error ? error.message : String(error)}.`;
    throw new LongspanError("malformed", message, { cause: error, details: { path } });
  }
}

/**
 * The rows of a Parquet file, a row group at a time, in every compression that Parquet has.
 * @throws LongspanError `malformed` for a file that is none.
 */
export async function parquetRows(file: ParquetFile, path: string): Promise<ParquetRows> {
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const parsers = { stringFromBytes: textOf };
  const metadata = await readable(path, async () => parquetMetadataAsync(file));
  await readable(path, async () => checkColumns(metadata.row_groups, leavesOf(parquetSchema(metadata))));
  async function* lines(): AsyncGenerator<JobLine, void, void> {
    let number = 0;
    for (const group of metadata.row_groups) {
      const rowStart = number;
      const rowEnd = number + Number(group.num_rows);
      const rows = await readable(path, async () => parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd, parsers }));
      for (const row of rows) yield jobLine(row, ++number, path);
    }
  }
  return { count: Number(metadata.num_rows), lines: lines() };
}

interface SchemaNode {
  readonly path: readonly string[];
  readonly children: readonly SchemaNode[];
}

/** The paths of a schema's columns, in its order. */
function leavesOf(root: SchemaNode): readonly string[] {
  const leaves: string[] = [];
  const waiting = root.children.toReversed();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.children.length === 0) leaves.push(JSON.stringify(node.path));
    else waiting.push(...node.children.toReversed());
  }
  return leaves;
}

interface RowGroup {
  readonly columns: readonly { readonly meta_data?: { readonly path_in_schema: readonly string[] } }[];
}

/**
 * A row group has each column of the schema, in its order (parquet.thrift, RowGroup). In others hyparquet takes the first of a name, and where one that it does not
 * wait for is damaged, Node would end the whole process.
 */
function checkColumns(groups: readonly RowGroup[], leaves: readonly string[]): void {
  for (const { columns } of groups) {
    const paths = columns.map((column) => JSON.stringify(column.meta_data?.path_in_schema));
    if (paths.length !== leaves.length || new Set(paths).size !== paths.length || paths.some((path, at) => path !== leaves[at]))
      throw new Error("its columns are not those of its schema");
  }
}

/** In place of bytes that are no text in UTF-8, whatever their column says. */
const noText = Symbol("no text");

function textOf(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return noText;
  }
}

function jobLine(row: Readonly<Record<string, unknown>>, number: number, path: string): JobLine {
  const [name] = Object.entries(row).find(([, value]) => value === noText) ?? [];
  if (name === undefined) return { number, fields: plainFields(row) };
  const message = `${path}, row ${number}: its ${JSON.stringify(name)} is not text in UTF-8. Write that column as text.`;
  return { number, problem: new LongspanError("malformed", message, { details: { path, row: number, column: name } }) };
}

function plainFields(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]));
}

/** 64-bit integers as numbers where they are exact, else as text; in lists and structs, too. */
function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plainValue);
  const isStruct = typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  return isStruct ? plainFields(value as Readonly<Record<string, unknown>>) : value;
}
