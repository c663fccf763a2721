import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collected } from "../../test/collected.ts";
import { LongspanError } from "@longspan/core";
import type { Terminal } from "../terminal.ts";
import { csvLines } from "./csv-lines.ts";
import { jobsOf, uniqueJobs, type Job, type JobLine } from "./job.ts";
import { openJobs, type InputFormat } from "./open-jobs.ts";

const fixtures = fileURLToPath(new URL("../../../../fixtures/jobs", import.meta.url));
const rows = JSON.parse(readFileSync(join(fixtures, "rows.json"), "utf8")) as readonly Record<string, unknown>[];
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-jobs-"));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function terminal(...pieces: readonly (string | Uint8Array)[]): Terminal {
  return { input: Readable.from(pieces.map((piece) => Buffer.from(piece))), out: new PassThrough(), error: new PassThrough() };
}

async function read(path: string, format?: InputFormat, ...piped: readonly (string | Uint8Array)[]): Promise<JobLine[]> {
  const source = await openJobs(path, format, terminal(...piped));
  const lines = await collected(source.lines);
  await source.close();
  return lines;
}

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** What a cell of CSV says of a value: text, and nothing of what is empty. */
const asText = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => [name, String(value)]),
  );

describe("files that pandas and pyarrow wrote", () => {
  test.each(["snappy", "zstd", "gzip", "none"])("Parquet, %s", async (name) => {
    const source = await openJobs(join(fixtures, `${name}.parquet`), undefined, terminal());
    const lines = await collected(source.lines);
    expect(lines.map(({ fields }) => fields)).toEqual(rows);
    expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(source.share()).toBe(1);
  });

  test("bytes that a column does not call text are text where they are UTF-8, and else a row's error", async () => {
    expect(await read(join(fixtures, "binary.parquet"))).toEqual([
      { number: 1, fields: { id: 1, document: "größer" } },
      {
        number: 2,
        problem: expect.objectContaining({
          code: "malformed",
          message: expect.stringContaining('row 2: its "document" is not text in UTF-8'),
        }),
      },
      expect.objectContaining({ number: 3 }),
    ]);
  });

  test("Parquet: lists and structs of 64-bit integers", async () => {
    expect((await read(join(fixtures, "nested.parquet"))).map(({ fields }) => fields)).toEqual([
      { id: 1, list: [1, "9007199254740993"], struct: { one: 2, inner: { two: ["-9007199254740993"] } } },
    ]);
  });

  test.each(["comma.csv", "semicolon.csv"])("%s", async (name) => {
    expect((await read(join(fixtures, name))).map(({ fields }) => fields)).toEqual(rows.map((row) => asText(row)));
  });
});

test("JSON Lines, from a file and piped, in pieces that cut characters", async () => {
  const text = `\ufeff{"id": 1, "text": "größer"}\r\n\n  \n{"text": "b\\nc"}\n[1]\n{"text": \n{"text": "last"}`;
  const expected = [
    { number: 1, fields: { id: 1, text: "größer" } },
    { number: 4, fields: { text: "b\nc" } },
    { number: 5, problem: expect.objectContaining({ code: "malformed", message: expect.stringContaining("line 5: no JSON object") }) },
    { number: 6, problem: expect.objectContaining({ code: "malformed", message: expect.stringContaining("line 6: no JSON (") }) },
    { number: 7, fields: { text: "last" } },
  ];
  expect(await read(await written("a.jsonl", text))).toEqual(expected);
  expect(await read("-", undefined, ...Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte)))).toEqual(expected);
  const broken = await read(await written("b.ndjson", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d, 10])));
  expect(broken[0]?.problem?.message).toContain("no JSON");
});

test("ids that a number has no room for are their text, as of Parquet", async () => {
  const lines = [
    '{"id": 9007199254740993}',
    '{"id": 9007199254740992, "of": {"id": 9007199254740993}}',
    '{"id": 1.5}',
    '{"id": 1e400}',
    '{"id": 12}',
  ];
  expect((await read("-", undefined, lines.join("\n"))).map(({ fields }) => fields?.id)).toEqual([
    "9007199254740993",
    2 ** 53,
    1.5,
    "1e400",
    12,
  ]);
});

test("how much is read is said of the lines that were given, not of the pieces that were read", async () => {
  for (const [name, text] of [
    ["share.jsonl", '{"id": 1}\n{"id": 2}\n{"id": 3}\n{"id": 4}\n'],
    ["share.csv", "id\n11111\n22222\n33333\n"],
  ] as const) {
    const source = await openJobs(await written(name, text), undefined, terminal());
    const shares: unknown[] = [];
    for await (const { number } of source.lines) shares.push([number, source.share()]);
    expect(shares).toEqual(
      name === "share.csv"
        ? [9, 15, 21].map((bytes, index) => [index + 1, bytes / 21])
        : [1, 2, 3, 4].map((number) => [number, number / 4]),
    );
    await source.close();
  }
});

test("CSV: tabs of a .tsv, names in quotes and in pieces, empty cells of one column, quotes that do not close", async () => {
  const tabs = await written("names.tsv", "id,text\tmore,of,it\n1,2\t3\n");
  expect((await read(tabs)).map(({ fields }) => fields)).toEqual([{ "id,text": "1,2", "more,of,it": "3" }]);
  const bytes = Array.from(Buffer.from('\ufeff"a,b,c";text\n1;x\n'), (byte) => Uint8Array.of(byte));
  expect((await read("-", "csv", ...bytes)).map(({ fields }) => fields)).toEqual([{ "a,b,c": "1", text: "x" }]);
  expect(await read("-", "csv", 'text\n\nfirst\n\n""\nlast\n\n\n')).toEqual([
    { number: 1, fields: {} },
    { number: 2, fields: { text: "first" } },
    { number: 3, fields: {} },
    { number: 4, fields: {} },
    { number: 5, fields: { text: "last" } },
  ]);
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('text\n"open');
    for (;;) yield Buffer.alloc(100, "x\n");
  }
  await expect(collected(csvLines(endless(), "endless", { maxBytes: 1000 }))).rejects.toMatchObject({ code: "malformed" });
});

test("CSV: rows that do not fit are theirs alone; what cannot be cut into rows ends it", async () => {
  const lines = await read("-", "csv", "id,text\n1,one\n2\n3,a,b\n\n4,four");
  expect(lines.map(({ number, fields }) => [number, fields?.text])).toEqual([
    [1, "one"],
    [2, undefined],
    [3, undefined],
    [4, "four"],
  ]);
  expect(lines[1]?.problem).toMatchObject({ code: "malformed", message: expect.stringContaining("row 2: it has 1 cells") });
  expect((await read("-", "csv", "text\n\"one; two\"\n'x'\n")).map(({ fields }) => fields?.text)).toEqual(["one; two", "'x'"]);
  for (const text of ['id,text\n1,"open\n2,x\n', 'id,text\n1,"a"b\n'])
    await expect(read("-", "csv", text)).rejects.toMatchObject({ code: "malformed", message: expect.stringContaining("row 1: ") });
  await expect(read("-", "csv", Buffer.of(0x61, 0x0a, 0xff))).rejects.toMatchObject({ code: "malformed" });
  expect(await read("-", "csv", "")).toEqual([]);
});

test("files that are none", async () => {
  await expect(read(folder)).rejects.toMatchObject({ message: expect.stringMatching(/is a folder; --input takes a file of jobs/) });
  await expect(read(await written("jobs.xlsx", "x"))).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringContaining("--input-format"),
  });
  // A socket can be seen, and not opened.
  const socket = createServer().listen(join(folder, "socket.jsonl"));
  await once(socket, "listening");
  await expect(read(join(folder, "socket.jsonl"))).rejects.toMatchObject({ message: expect.stringContaining("cannot be opened") });
  socket.close();
  await expect(read("nowhere.jsonl")).rejects.toMatchObject({ code: "not-found" });
  await expect(read(folder, "jsonl")).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringContaining("is a folder") });
  await expect(read("-", "parquet")).rejects.toMatchObject({ code: "argument-invalid" });
  for (const bytes of [Buffer.from("PAR1"), Buffer.from("no Parquet at all, but some bytes")])
    await expect(read(await written("broken.parquet", bytes))).rejects.toMatchObject({ code: "malformed" });
});

test("a line that cannot be read takes no other one's id", async () => {
  async function* lines(): AsyncGenerator<JobLine> {
    for (const id of [0, 1, undefined, 3, 4])
      yield id === undefined
        ? { number: 3, problem: new LongspanError("malformed", "no JSON") }
        : { number: id + 1, fields: { id, text: "x" } };
  }
  const found: unknown[] = [];
  for await (const { id, problem } of uniqueJobs(jobsOf(lines(), {}), () => false)) found.push([id, problem?.code]);
  expect(found).toEqual([
    [0, undefined],
    [1, undefined],
    ["line 3", "malformed"],
    [3, undefined],
    [4, undefined],
  ]);
});

test("an id that JSON has no number for is none", async () => {
  async function* lines(): AsyncGenerator<JobLine> {
    for (const [index, id] of [Number.NaN, Infinity].entries()) yield { number: index + 1, fields: { id, text: "x" } };
  }
  const found: unknown[] = [];
  for await (const { id, problem } of uniqueJobs(jobsOf(lines(), {}), () => false)) found.push([id, problem?.code]);
  expect(found).toEqual([
    [1, "inputs-invalid"],
    [2, "inputs-invalid"],
  ]);
});

test("the number of a line without an id is nobody else's", async () => {
  async function* lines(): AsyncGenerator<JobLine> {
    for (const [index, id] of [2, undefined, "line 4", undefined, 4, "5", undefined].entries())
      yield { number: index + 1, fields: { id, text: "x" } };
  }
  const found: unknown[] = [];
  for await (const { id, problem } of uniqueJobs(jobsOf(lines(), {}), () => false)) found.push([id, problem?.code]);
  expect(found).toEqual([
    [2, undefined],
    ["line 2", undefined],
    ["line 4", undefined],
    ["line line 4", undefined],
    [4, undefined],
    ["5", undefined],
    ["line 7", undefined],
  ]);
});

test("ids: a line's own, or its number; one that came before is a problem", async () => {
  async function* lines(): AsyncGenerator<JobLine> {
    yield { number: 1, fields: { id: "a", text: "x" } };
    yield { number: 2, fields: { id: null, file: "y.txt" } };
    yield { number: 3, fields: { id: { of: 3 } } };
    yield { number: 4, fields: { id: "a" } };
    yield { number: 5, fields: { id: "held" } };
    yield { number: 6, fields: { id: "", text: "x" } };
  }
  const jobs: Job[] = [];
  const shared = { question: "who?", text: "all" };
  for await (const job of uniqueJobs(jobsOf(lines(), shared), ({ id }) => id === "held")) jobs.push(job);
  expect(jobs.map(({ id, fields, problem }) => [id, fields, problem?.code])).toEqual([
    ["a", { question: "who?", text: "x", id: "a" }, undefined],
    [2, { question: "who?", file: "y.txt" }, undefined],
    [3, {}, "inputs-invalid"],
    ["a", { question: "who?", text: "all", id: "a" }, "duplicate-id"],
    [6, {}, "inputs-invalid"],
  ]);
});
