import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { cpSync, createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, existsSync } from "node:fs";
import { once } from "node:events";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvLines } from "../src/jobs/csv-lines.ts";
import { childrenOf } from "./child-processes.ts";
import { collected } from "./collected.ts";
import { runCommand, runDocument, runWithInput } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const qaModel = join(fixtures, "huggingface/question-answering");
const textModel = join(fixtures, "forward/models/sequence-classification");
const maskedModel = join(fixtures, "huggingface/masked-lm");
const question = "where did the cat sit?";
const documents = ["the cat sat on the mat.", "a dog read on the mat near the door.", "the lamp was dark."];
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "longspan-many-"));
  mkdirSync(at("documents/inner"), { recursive: true });
  writeFileSync(at("documents/a.txt"), documents[0] ?? "");
  writeFileSync(at("documents/inner/b.txt"), documents[1] ?? "");
  writeFileSync(at("documents/c.md"), documents[2] ?? "");
  writeFileSync(at("documents/.hidden"), "nothing");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  readonly id: string | number;
  readonly answers?: readonly { readonly answer: string; readonly score: number }[];
  readonly error?: { readonly code: string; readonly message: string };
}

function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => withoutPlaces(JSON.parse(line) as Line));
}

/** Where the answers stand is another matter: it has the name of the file that they come from; so is the digest of what was asked. */
function withoutPlaces(line: Line): Line {
  return JSON.parse(JSON.stringify(line, (key, value: unknown) => (key === "place" || key === "asked" ? undefined : value)));
}

function lined(lines: readonly unknown[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
}

function jsonl(name: string, lines: readonly unknown[]): string {
  writeFileSync(at(name), lined(lines));
  return at(name);
}

async function answersOf(asked: string, text: string, ...words: readonly string[]): Promise<unknown> {
  writeFileSync(at("single.txt"), text);
  const { document } = await runDocument("ask", qaModel, "--question", asked, "--document", at("single.txt"), ...words);
  return withoutPlaces(document as Line).answers;
}

describe("what the command line gives", () => {
  test("each question of each document, none dropped", async () => {
    const words = [
      "ask",
      qaModel,
      "--question",
      question,
      "--question",
      "who read?",
      "--document",
      at("documents"),
      "--document",
      at("*/c.md"),
    ];
    const { code, document } = await runDocument(...words);
    const results = (document as { results: (Line & { question: string })[] }).results;
    expect(code).toBe(0);
    const paths = [at("documents/a.txt"), at("documents/c.md"), at("documents/inner/b.txt")];
    expect(results.map(({ id }) => id)).toEqual(paths.flatMap((path) => [`${path}#1`, `${path}#2`]));
    expect(results[1]).toMatchObject({ question: "who read?", answers: await answersOf("who read?", documents[0] ?? "") });
    const people = await runCommand(...words);
    expect(people.error).toContain("c.md was given twice; it is read once");
    for (const path of paths) expect(people.out).toContain(path);
    expect(people.out.match(/score/g)).toHaveLength(6);
  });

  test("one that fails is told, and the others are answered", async () => {
    writeFileSync(at("empty.txt"), " ");
    const words = [
      "classify",
      textModel,
      "--tokenizer",
      qaModel,
      "--text",
      "the cat sat",
      "--document",
      at("empty.txt"),
      "--document",
      at("documents/a.txt"),
    ];
    const { code, out, error } = await runCommand(...words);
    expect(code).toBe(1);
    expect(out.match(/LABEL_0/g)).toHaveLength(2);
    expect(error).toMatch(/^error {2}.*empty\.txt.* is empty.*\nerror {2}1 of 3 could not be answered\.\n$/);
    const { document } = await runDocument(...words);
    const ids = [1, at("empty.txt"), at("documents/a.txt")];
    expect(document).toMatchObject({
      results: [
        { id: ids[0], unreadTokens: 0 },
        { id: ids[1], error: { code: "inputs-invalid" } },
        { id: ids[2], unreadTokens: 0 },
      ],
    });
  });

  test("what means no file, and options that would lose a value", async () => {
    expect(await runCommand("ask", qaModel, "--question", "x", "--document", at("*.pdf"))).toMatchObject({
      code: 1,
      error: expect.stringContaining("no file has such a name"),
    });
    mkdirSync(at("bare"), { recursive: true });
    expect(await runCommand("ask", qaModel, "--question", "x", "--document", at("bare"))).toMatchObject({ code: 1 });
    for (const words of [
      ["--top-k", "1", "--top-k", "2"],
      ["--tokenizer", "a", "--tokenizer=b"],
    ]) {
      const { code, error } = await runCommand("ask", qaModel, "--question", "x", "--document", at("documents/a.txt"), ...words);
      expect([code, error]).toEqual([2, expect.stringContaining("was given twice")]);
    }
    const lists = ["--connect", "https://a.example", "https://b.example", "--connect", "https://c.example"];
    expect((await runCommand("page", ...lists, "--port", "none")).error).toContain("an integer, from 0 to 65535");
    expect(await runCommand("ask", qaModel, "--document", at("documents/a.txt"))).toMatchObject({
      code: 2,
      error: expect.stringContaining("--question"),
    });
    expect(await runCommand("ask", qaModel, "--question", "x")).toMatchObject({ code: 2, error: expect.stringContaining("--document") });
    expect(await runCommand("ask", qaModel, "--question", "x", "--document", at("documents/a.txt"), "--force")).toMatchObject({ code: 2 });
  });
});

describe("folders and patterns", () => {
  beforeAll(() => {
    mkdirSync(at("mixed/sub"), { recursive: true });
    mkdirSync(at("empty"));
    for (const name of ["a.txt", "sub/c.txt", ".hidden.txt"]) writeFileSync(at(`mixed/${name}`), documents[0] ?? "");
    for (const name of ["mixed/link", "empty/link"]) symlinkSync(at("mixed"), at(name));
    if (process.platform !== "win32") execFileSync("mkfifo", [at("mixed/pipe")]);
  });

  test("a folder that a pattern fits is read; what is left out is named once", async () => {
    const ids = async (...given: readonly string[]): Promise<{ readonly ids: unknown; readonly error: string }> => {
      const words = given.flatMap((word) => ["--document", word]);
      const { out, error } = await runCommand("ask", qaModel, "--question", question, ...words, "--output", "-");
      return { ids: linesOf(out).map(({ id }) => id), error };
    };
    const both = [at("mixed/a.txt"), at("mixed/sub/c.txt")];
    const pipe = process.platform === "win32" ? "" : ", .*mixed/pipe";
    const whole = await ids(at("mixed"));
    expect(whole).toEqual({
      ids: both,
      error: expect.stringMatching(new RegExp(`^note {2}Left out: .*\\.hidden\\.txt, .*mixed/link${pipe}\\. Of`)),
    });
    expect((await ids(at("mixed/*"))).ids).toEqual(both);
    expect((await ids(at("mixed/**"))).ids).toEqual(both);
    expect((await ids(at("mixed"), at("mixed/*"))).error.match(/Left out/g)).toHaveLength(1);
    expect(await runCommand("ask", qaModel, "--question", "x", "--document", at("empty"))).toMatchObject({
      code: 1,
      error: expect.stringMatching(/it is a folder without a file\. Of folders, .* which is all there is: .*empty\/link\./),
    });
  });

  test("the document's shape is that of what was given, not of how many files it means", async () => {
    const { document: single } = await runDocument("ask", qaModel, "--question", question, "--document", at("mixed/sub/c.txt"));
    const { answers } = single as { answers: unknown };
    for (const given of [at("mixed/sub"), at("mixed/sub/*.txt")]) {
      const { document } = await runDocument("ask", qaModel, "--question", question, "--document", given);
      expect(document).toMatchObject({ results: [{ id: at("mixed/sub/c.txt"), question, answers }] });
    }
    const chunks = await runDocument("embed", qaModel, "--document", at("mixed/sub"), "--chunks");
    expect(chunks.document).toMatchObject({ results: [{ id: at("mixed/sub/c.txt"), chunks: [{ start: 0 }] }] });
    const people = await runCommand("embed", qaModel, "--document", at("mixed/*.txt"), "--document", at("mixed/sub"), "--chunks");
    expect(people.out).toMatch(/^\S+mixed\/a\.txt {2}0 \d+ .*\n\S+mixed\/sub\/c\.txt {2}0 \d+ .*\n$/);
  });

  test("what is missing is an error of its own, beside answers; alone, it is the error", async () => {
    const given = ["--document", at("nosuch.txt"), "--document", at("mixed/a.txt"), "--document", at("*.nothing")];
    const { code, out, error } = await runCommand("ask", qaModel, "--question", question, ...given);
    expect([code, out]).toEqual([1, expect.stringMatching(/mixed\/a\.txt.*\n.*score/)]);
    expect(error).toMatch(/nosuch\.txt.* does not exist[^]*no file has such a name[^]*2 of 3 could not be answered/);
    const lines = await runCommand("ask", qaModel, "--question", question, ...given, "--output", "-");
    expect(linesOf(lines.out).map(({ error: failed }) => failed?.code)).toEqual(["not-found", undefined, "not-found"]);
    const texts = await runDocument("embed", qaModel, "--text", "", "--text", "the cat");
    expect(texts).toMatchObject({
      code: 1,
      document: { ids: [1, 2], embeddings: [null, expect.any(Array)], errors: [{ id: 1, error: { code: "inputs-invalid" } }] },
    });
    for (const words of [
      ["--document", at("nosuch.txt")],
      ["--document", ""],
    ]) {
      const alone = await runCommand("ask", qaModel, "--question", question, ...words);
      expect([alone.code === 0, alone.out]).toEqual([false, ""]);
      expect(alone.error).toMatch(/^error {2}(?:.*nosuch\.txt cannot be opened: it does not exist\.|--document is empty\. .*)\n$/);
    }
  });
});

describe("files of jobs", () => {
  test("a line for each result, in order, as --json prints one; a line for each error; exit code 1", async () => {
    const input = jsonl("jobs.jsonl", [
      { id: "first", question, document: documents[0] },
      { id: "file", question: "who read?", file: at("documents/inner/b.txt"), "top-k": 2, author: "nobody" },
      { question, text: documents[2], topK: 3, "within-words": true },
      { id: "none", question },
      { id: "gone", question, file: at("gone.txt") },
      "{",
      { id: "first", question, document: "twice" },
      { id: "both", question, document: "x", file: "y" },
      { id: "option", question, document: documents[0], top_k: "many" },
      { id: "own question", document: documents[0] },
    ]);
    const output = at("answers.jsonl");
    const words = ["ask", qaModel, "--input", input, "--output", output, "--question", "what was dark?"];
    const { code, out, error } = await runCommand(...words);
    expect([code, out]).toEqual([1, ""]);
    expect(error).toMatch(/done {2}10 lines written, 6 of them errors, in .*; padding \d/);
    expect(error).toContain('the fields "author"');
    expect(error).toContain("6 lines have an error in place of a result. Delete them, and --resume tries again.");
    const lines = linesOf(readFileSync(output, "utf8"));
    expect(lines.map(({ id, error: failed }) => [id, failed?.code])).toEqual([
      ["first", undefined],
      ["file", undefined],
      [3, undefined],
      ["none", "inputs-invalid"],
      ["gone", "not-found"],
      [6, "malformed"],
      ["first", "duplicate-id"],
      ["both", "inputs-invalid"],
      ["option", "inputs-invalid"],
      ["own question", undefined],
    ]);
    expect(lines[0]).toEqual({
      id: "first",
      answers: await answersOf(question, documents[0] ?? ""),
      lowConfidence: expect.any(Boolean),
      windows: 1,
    });
    expect(lines[1]?.answers).toEqual(await answersOf("who read?", documents[1] ?? "", "--top-k", "2"));
    expect(lines[2]?.answers).toEqual(await answersOf(question, documents[2] ?? "", "--top-k", "3", "--within-words"));
    expect(lines[9]?.answers).toEqual(await answersOf("what was dark?", documents[0] ?? ""));
    expect(await runCommand(...words)).toMatchObject({ code: 2, error: expect.stringContaining("--resume") });
    const other = jsonl("answers.jsonl.lock", [{ process: process.ppid, machine: hostname() }]);
    const refused = await runCommand(...words, "--resume");
    expect([refused.code, refused.error]).toEqual([2, expect.stringContaining("is being written by another run")]);
    rmSync(other);
    expect(await runCommand(...words, "--force", "--unordered")).toMatchObject({ code: 1 });
    expect(new Set(linesOf(readFileSync(output, "utf8")).map(({ id }) => id))).toEqual(new Set(lines.map(({ id }) => id)));
  });

  test("Parquet and CSV in, CSV out", async () => {
    const rows = JSON.parse(readFileSync(join(fixtures, "jobs/rows.json"), "utf8")) as readonly {
      id: unknown;
      question: string;
      document: string;
    }[];
    for (const name of ["zstd.parquet", "semicolon.csv"]) {
      const output = at(`from-${name}.csv`);
      expect((await runCommand("ask", qaModel, "--input", join(fixtures, "jobs", name), "-o", output)).code).toBe(1);
      const [header] = readFileSync(output, "utf8").split("\n");
      expect(header).toBe("id,answer,start,end,score,place,lowConfidence,windows,answers,error_code,error_message,asked");
      const lines = await collected(csvLines(createReadStream(output), output));
      expect(lines.map(({ fields }) => fields?.id)).toEqual(rows.map(({ id }) => String(id)));
      const answers = (await answersOf(rows[0]?.question ?? "", rows[0]?.document ?? "", "--top-k", "2")) as {
        answer: string;
      }[];
      expect(lines[0]?.fields).toMatchObject({ answer: answers[0]?.answer, answers: JSON.stringify(answers), windows: "1" });
      expect(lines[2]?.fields).toMatchObject({ error_code: "inputs-invalid" });
    }
  });

  test("other commands, and standard input to standard output", async () => {
    const text = `${JSON.stringify({ id: 7, text: "the <mask> sat.", top_k: 2 })}\n\n{"text": "no place"}\n`;
    const { code, out } = await runWithInput(text, "fill", maskedModel, "--tokenizer", qaModel, "--input", "-");
    const { document } = await runDocument("fill", maskedModel, "--tokenizer", qaModel, "--text", "the <mask> sat.", "--top-k", "2");
    const [first, second] = linesOf(out);
    expect(code).toBe(1);
    expect(first).toEqual({ ...(document as { results: object[] }).results[0], id: 7 });
    expect(second).toMatchObject({ id: "line 3", error: { code: "inputs-invalid" } });
    const embedded = await runWithInput('{"text": "the cat", "normalize": true}\n', "embed", qaModel, "--input", "-", "--output", "-");
    const { document: single } = await runDocument("embed", qaModel, "--text", "the cat", "--normalize");
    expect(linesOf(embedded.out)).toEqual([{ id: 1, embedding: (single as { embeddings: unknown[] }).embeddings[0] }]);
  });

  test("what cannot be: two questions for all lines, one standard input for two, formats nobody named, no file to resume", async () => {
    const input = jsonl("one.jsonl", [{ document: "x" }]);
    const cases = [
      ["--input", input, "--question", "a", "--question", "b"],
      ["--input", "-", "--document", "-", "--question", "a"],
      ["--input", input, "--output", at("answers.xlsx")],
      ["--input", input, "--resume"],
      ["--input", input, "--profile"],
    ];
    for (const words of cases) expect([words, (await runCommand("ask", qaModel, ...words)).code]).toEqual([words, 2]);
    expect(existsSync(at("answers.xlsx"))).toBe(false);
    const failed = await runCommand("ask", maskedModel, "--input", input, "--output", at("never.jsonl"));
    expect([failed.code, existsSync(at("never.jsonl"))]).toEqual([1, false]);
  });

  test("what is read is never written over, by whatever name", async () => {
    const input = jsonl("own.jsonl", [{ question, document: documents[0] }]);
    const text = readFileSync(input, "utf8");
    symlinkSync(input, at("link.jsonl"));
    const shared = ["--question", "who?", "--document", at("documents/a.txt")];
    for (const words of [
      ["--input", input, "--output", input, "--force"],
      ["--input", input, "--output", at("link.jsonl"), "--force"],
      ["--input", input, "--output", input, "--resume"],
      [...shared, "--output", at("documents/a.txt"), "--output-format", "jsonl", "--force"],
      [...shared, "--input", input, "--output", at("documents/a.txt"), "--output-format", "csv", "--force"],
    ]) {
      const { code, error } = await runCommand("ask", qaModel, ...words);
      expect([code, error]).toEqual([2, expect.stringContaining("is being read")]);
    }
    expect(readFileSync(input, "utf8")).toBe(text);
    expect(readFileSync(at("documents/a.txt"), "utf8")).toBe(documents[0]);
  });

  test("what a run would have replaced stays where it cannot begin, and goes with the first line", async () => {
    const input = jsonl("replacing.jsonl", [{ question, document: documents[0] }]);
    const output = at("replaced.csv");
    for (const words of [
      [maskedModel, "--force"],
      [at("no-model"), "--force"],
      [qaModel, "--force", "--resume"],
    ]) {
      writeFileSync(output, "years of work");
      const [model = "", ...more] = words;
      expect((await runCommand("ask", model, "--input", input, "--output", output, ...more)).code).not.toBe(0);
      expect(readFileSync(output, "utf8")).toBe("years of work");
    }
    expect((await runCommand("ask", qaModel, "--input", input, "--output", output, "--force")).code).toBe(0);
    expect(readFileSync(output, "utf8")).toMatch(/^id,.*\r?\n1,/);
    expect((await runCommand("ask", qaModel, "--input", jsonl("no-jobs.jsonl", []), "--output", output, "--force")).code).toBe(0);
    expect(readFileSync(output, "utf8")).toMatch(/^id,[^\n]*\n$/);
    const { code, error } = await runCommand("ask", qaModel, "--input", input, "--output", at("no-folder/a.csv"));
    expect([code, error]).toEqual([1, expect.stringMatching(/no-folder does not exist\. Create it first/)]);
  });

  test("a link that leads nowhere is told of in its own line, in a folder and by a pattern", async () => {
    mkdirSync(at("links"));
    writeFileSync(at("links/a.txt"), documents[0] ?? "");
    symlinkSync(at("nowhere"), at("links/b.txt"));
    symlinkSync(".", at("links/circle"));
    for (const document of [at("links"), at("links/*")]) {
      const { code, out } = await runCommand("ask", qaModel, "--question", question, "--document", document, "--output", "-");
      expect([code, linesOf(out).map(({ id, error }) => [id, error?.code])]).toEqual([
        1,
        [
          [at("links/a.txt"), undefined],
          [at("links/b.txt"), "not-found"],
        ],
      ]);
    }
  });

  test("names of fields in any case; what is an option of the run, and what was most likely meant, is told", async () => {
    writeFileSync(at("capitals.csv"), "ID,Question,DOCUMENT,Runtime,questoin\nx,who?,a cat,ort,y\n");
    const { code, out, error } = await runCommand("ask", qaModel, "--input", at("capitals.csv"));
    expect([code, linesOf(out)]).toEqual([0, [expect.objectContaining({ id: "x", windows: 1 })]]);
    expect(error).toContain('the fields "questoin" (is question meant?).');
    expect(error).toContain('Not used: the field "Runtime". --runtime is an option of the whole run, and no line has its own.');
    const both = await runWithInput('{"Question": "a?", "question": "b?", "text": "x", "Id": 7}\n', "ask", qaModel, "--input", "-");
    expect([linesOf(both.out)[0]?.id, both.error]).toEqual([7, expect.stringContaining('the fields "Question"')]);
  });

  test("standard output by its other names, and what is no file, are written to", async () => {
    const input = jsonl("to-device.jsonl", [{ id: "a", question, text: documents[0] }]);
    for (const name of ["/dev/stdout", "/dev/fd/1"]) {
      const { code, out } = await runCommand("ask", qaModel, "--input", input, "--output", name);
      expect([code, linesOf(out).map(({ id }) => id)]).toEqual([0, ["a"]]);
    }
    if (process.platform === "win32") return;
    expect(await runCommand("ask", qaModel, "--input", input, "--output", "/dev/null", "--output-format", "csv")).toMatchObject({
      code: 0,
      out: "",
    });
  });

  test("two columns of one name are refused: one would be lost", async () => {
    writeFileSync(at("columns.csv"), "question,document,document\nwho?,a,b\n");
    const { code, error } = await runCommand("ask", qaModel, "--input", at("columns.csv"));
    expect([code, error]).toEqual([1, expect.stringMatching(/two columns are called "document"/)]);
  });

  test("numbers beyond what a machine has are refused", async () => {
    for (const words of [
      ["--workers", "1000"],
      ["--threads", "100000"],
    ]) {
      const { code, error } = await runCommand("ask", qaModel, "--question", "x", "--document", at("documents/a.txt"), ...words);
      expect([code, error]).toEqual([2, expect.stringMatching(/is invalid\. It is an integer, from 1 to \d+/)]);
    }
  });
});

describe("a run that goes on", () => {
  const many = Array.from({ length: 30 }, (_, index) => ({
    id: `n${index}`,
    question,
    document: index === 11 ? "" : `${documents[index % 3]} ${index}`,
  }));

  test.each(["jsonl", "csv"])("%s: a torn line is mended, and nothing is done twice", async (format) => {
    const input = jsonl("many.jsonl", many);
    const whole = at(`whole.${format}`);
    await runCommand("ask", qaModel, "--input", input, "--output", whole);
    const text = readFileSync(whole, "utf8");
    for (const length of [0, 1, Math.floor(text.length / 3), text.length - 1, text.length]) {
      const output = at(`torn.${format}`);
      writeFileSync(output, text.slice(0, length));
      const { code, error } = await runCommand("ask", qaModel, "--input", input, "--output", output, "--resume");
      expect(code).toBe(1);
      if (length === text.length) expect(error).toContain("0 lines written, 30 held before");
      expect(readFileSync(output, "utf8")).toBe(text);
    }
    rmSync(at(`torn.${format}`));
    await runCommand("ask", qaModel, "--input", input, "--output", at(`torn.${format}`), "--resume");
    expect(readFileSync(at(`torn.${format}`), "utf8")).toBe(text);
  });

  test("a line of something else is nobody's answer; lines that do not say what was asked are taken", async () => {
    const [one, other] = [at("documents/a.txt"), at("documents/c.md")];
    for (const format of ["jsonl", "csv"]) {
      const output = at(`asked.${format}`);
      const given = ["--question", question, "--document", one, "--output", output];
      expect(await runCommand("ask", qaModel, ...given)).toMatchObject({ code: 0 });
      const text = readFileSync(output, "utf8");
      const asked = /"asked":"([0-9a-f]{12})"|,([0-9a-f]{12})\n/.exec(text)?.slice(1).join("") ?? "";
      expect(asked).toHaveLength(12);
      const resumed = (...words: readonly string[]): ReturnType<typeof runCommand> =>
        runCommand("ask", ...words, "--output", output, "--resume");
      const copied = at("model-elsewhere");
      cpSync(qaModel, copied, { recursive: true });
      for (const model of [qaModel, copied]) {
        const { code, error } = await resumed(model, "--question", question, "--document", one, "--document", other, "--batch-size", "1");
        expect([code, error]).toEqual([0, expect.stringContaining("1 held before")]);
        writeFileSync(output, text);
      }
      for (const words of [
        [qaModel, "--question", "who read?", "--document", one],
        [qaModel, "--question", question, "--document", one, "--top-k", "2"],
        [join(fixtures, "pipelines/question-answering"), "--question", question, "--document", one],
      ]) {
        const { code, error } = await resumed(...words);
        expect([code, error]).toEqual([2, expect.stringMatching(/a\.txt" already, of something else: .*\(--force/)]);
        expect(readFileSync(output, "utf8")).toBe(text);
      }
      const jobs = jsonl("asked-jobs.jsonl", [
        { id: "new", question, document: "x" },
        { id: one, question: "who?", file: one },
      ]);
      expect(await resumed(qaModel, "--input", jobs)).toMatchObject({ code: 2, error: expect.not.stringContaining("goes on with it") });
      const before = text.replace(format === "csv" ? /,(?:asked|[0-9a-f]{12})$/gm : `"asked":"${asked}",`, "");
      expect(before).not.toContain(asked);
      writeFileSync(output, before);
      expect(await resumed(qaModel, "--question", "who read?", "--document", one, "--document", other)).toMatchObject({ code: 0 });
      const [, after] = [readFileSync(output, "utf8").slice(0, before.length), readFileSync(output, "utf8").slice(before.length)];
      expect(/asked|[0-9a-f]{12}\n/.test(after)).toBe(format === "jsonl");
    }
  });

  test("a text's number and a document of that name are two things", async () => {
    const output = at("numbers.jsonl");
    writeFileSync(at("1"), documents[0] ?? "");
    const before = process.cwd();
    process.chdir(folder);
    try {
      const words = ["classify", textModel, "--tokenizer", qaModel, "--text", "a cat", "--document", "1", "--output", output];
      expect(await runCommand(...words)).toMatchObject({ code: 0 });
    } finally {
      process.chdir(before);
    }
    expect(linesOf(readFileSync(output, "utf8")).map(({ id }) => id)).toEqual(["text 1", "1"]);
  });

  test("ids that came twice, and files that are none of answers", async () => {
    const input = jsonl("twice.jsonl", [...many.slice(0, 3), many[1], ...many.slice(3, 5), many[1]]);
    const whole = at("twice-whole.jsonl");
    await runCommand("ask", qaModel, "--input", input, "--output", whole);
    const lines = readFileSync(whole, "utf8").split(/(?<=\n)/);
    for (let count = 0; count <= lines.length; count++) {
      writeFileSync(at("twice-torn.jsonl"), lines.slice(0, count).join(""));
      await runCommand("ask", qaModel, "--input", input, "--output", at("twice-torn.jsonl"), "--resume");
      expect(readFileSync(at("twice-torn.jsonl"), "utf8")).toBe(lines.join(""));
    }
    const notes = '{"my":"precious notes","of":"years"}';
    for (const text of [
      "words\n",
      '{"no": "id"}\n',
      '{"id": 1}\n{"id": 1}\n',
      notes,
      `${notes}\n${notes}`,
      "several\nlines\nof text",
      "{ ",
    ]) {
      writeFileSync(at("other.jsonl"), text);
      const { code, error } = await runCommand("ask", qaModel, "--input", input, "--output", at("other.jsonl"), "--resume");
      expect([code, readFileSync(at("other.jsonl"), "utf8")]).toEqual([1, text]);
      expect(error).toMatch(/other\.jsonl/);
    }
    for (const text of ["name,age\nx,1\n", "my notes", "id,answer,start", `id,answer,start,end,${"x".repeat(200)}`]) {
      writeFileSync(at("other.csv"), text);
      const { code, error } = await runCommand("ask", qaModel, "--input", input, "--output", at("other.csv"), "--resume");
      const isBegun = text === "id,answer,start";
      expect([text, code, error.includes("cannot be gone on with")]).toEqual([text, 1, !isBegun]);
      if (!isBegun) expect(readFileSync(at("other.csv"), "utf8")).toBe(text);
    }
  });
});

/** The command on the sources, as a process of its own. */
function start(...words: readonly string[]): ChildProcessWithoutNullStreams {
  const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
  const all = ["--conditions=@longspan/source", "--disable-warning=ExperimentalWarning", cli, ...words, "--runtime", "reference"];
  return spawn(process.execPath, all, { stdio: "pipe" });
}

/** Gives a run jobs, of which it cannot know that they are all, and kills it, or another, when its output has so many lines. */
async function killAt(
  lines: number,
  output: string,
  running: ChildProcessWithoutNullStreams,
  jobs: readonly unknown[],
  victim = (): number | undefined => running.pid,
): Promise<void> {
  const ended = once(running, "close");
  // Who is killed reads no more.
  running.stdin.on("error", () => undefined);
  running.stdin.write(lined(jobs));
  while (!existsSync(output) || readFileSync(output, "utf8").split("\n").length <= lines) {
    if (running.exitCode !== null) throw new Error(`it ended with ${running.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const pid = victim();
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  running.stdin.end();
  await ended;
}

describe.runIf(process.platform === "linux")("processes", () => {
  const many = Array.from({ length: 300 }, (_, index) => ({ id: index, question, document: `${documents[index % 3]} ${index}` }));

  test("killed at any moment, a resumed run gives every answer once", async () => {
    const input = jsonl("killed-jobs.jsonl", many);
    const output = at("killed.jsonl");
    // It never has all of them, however late it is killed.
    for (const lines of [0, 40, 170])
      await killAt(lines, output, start("ask", qaModel, "--input", "-", "--output", output, "--resume"), many.slice(0, lines + 90));
    const { code } = await runCommand("ask", qaModel, "--input", input, "--output", output, "--resume");
    expect(code).toBe(0);
    const lines = linesOf(readFileSync(output, "utf8"));
    expect(lines.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
    expect(lines.every(({ answers }) => answers?.length === 1)).toBe(true);
  });

  test("workers: the same lines in the same order; one that is killed is replaced", async () => {
    const jobs = [{ ...many[0], autor: "x" }, ...many.slice(1, 100), { id: "bad" }, "{", { id: 5, document: "again" }];
    await runWithInput(lined(jobs), "ask", qaModel, "--input", "-", "--output", at("alone.jsonl"), "--top-k", "2");
    const output = at("workers.jsonl");
    const running = start("ask", qaModel, "--input", "-", "--output", output, "--top-k=2", "--workers", "2");
    let error = "";
    running.stderr.on("data", (text) => (error += String(text)));
    let killed: number | undefined;
    await killAt(10, output, running, jobs, () => (killed = childrenOf(running.pid)[0]));
    expect(killed).toBeDefined();
    expect(error).toMatch(/103 lines written, 3 of them errors.*; padding \d+\.\d %/);
    expect(error.match(/the fields "autor"/g)).toHaveLength(1);
    const rounded = (text: string): unknown[] =>
      linesOf(text).map((line) => ({
        ...line,
        answers: line.answers?.map((answer) => ({ ...answer, score: answer.score.toPrecision(5) })),
      }));
    expect(rounded(readFileSync(output, "utf8"))).toEqual(rounded(readFileSync(at("alone.jsonl"), "utf8")));
  });

  test("workers that cannot open the model say why, once", async () => {
    const running = start(
      "ask",
      maskedModel,
      "--input",
      jsonl("one.jsonl", [{ question, document: "x" }]),
      "--output",
      at("none.jsonl"),
      "--workers",
      "2",
    );
    let error = "";
    running.stderr.on("data", (text) => (error += String(text)));
    const [code] = (await once(running, "close")) as [number];
    expect([code, existsSync(at("none.jsonl"))]).toEqual([1, false]);
    expect(error).toMatch(/^error {2}.*longspan ask needs question-answering.*\n$/);
  });

  test("a worker for others: each line is answered while standard input is open", async () => {
    const running = start("ask", qaModel, "--input", "-", "--output", "-");
    const answers = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
    for (const job of many.slice(0, 5)) {
      running.stdin.write(`${JSON.stringify(job)}\n`);
      const { value } = (await answers.next()) as { value: string };
      expect(linesOf(value)).toMatchObject([{ id: job.id, windows: 1 }]);
    }
    running.stdin.write('{"id": "bad"}\n');
    expect(linesOf(((await answers.next()) as { value: string }).value)).toMatchObject([{ id: "bad", error: { code: "inputs-invalid" } }]);
    running.stdin.end();
    expect(await once(running, "close")).toEqual([1, null]);
  });
});
