import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { loadDocumentReader } from "../src/documents/load-document-reader.ts";
import { documentFileOf } from "@longspan/documents/kind";
import { runCommand, runDocument, runWithInput } from "./run-command.ts";

vi.mock(import("../src/documents/load-document-reader.ts"), { spy: true });

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const model = join(fixtures, "pipelines/question-answering");
const document = (name: string): string => join(fixtures, "documents", name);
const folder = mkdtempSync(join(tmpdir(), "longspan-documents-"));
let server: Server;

beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    const name = url.slice(1);
    const types: Record<string, string> = { "page.html": "text/html; charset=utf-8", latin1: "text/plain; charset=iso-8859-1" };
    const body = name === "latin1" ? Buffer.from("Gr\u00fc\u00dfe an Anna Holm", "latin1") : readFileSync(document(name));
    response.writeHead(200, { "content-type": types[name] ?? "application/octet-stream", "content-length": body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => vi.restoreAllMocks());

interface AskDocument {
  readonly answers: readonly { readonly answer: string; readonly place?: { readonly description: string } }[];
  readonly warnings: readonly string[];
}

async function ask(...words: readonly string[]): Promise<AskDocument> {
  const { code, document: found } = await runDocument("ask", model, "--question", "Who is the tenant?", ...words);
  expect(code).toBe(0);
  return found as AskDocument;
}

describe("answers carry their places", () => {
  test.each([
    ["lease.pdf", /lease\.pdf, (?:page \d, lines? \d|pages 1 to 2)/],
    ["lease.docx", /lease\.docx, (?:paragraph \d|paragraphs \d to \d|footnote 2)/],
    ["page.html", /page\.html, lines? \d+/],
  ])("%s", async (name, description) => {
    const { answers, warnings } = await ask("--document", document(name), "--top-k", "3");
    expect(warnings).toEqual([]);
    for (const { place } of answers) expect(place?.description).toMatch(description);
    const told = await runCommand("ask", model, "--question", "Who?", "--document", document(name));
    expect(told.out.split("\n")[0]).toMatch(description);
  });

  test("a text file, a text by itself, and standard input", async () => {
    const file = join(folder, "a.txt");
    writeFileSync(file, "first\r\nsecond\rthe third\nfourth");
    const { answers } = await ask("--document", file, "--top-k", "9");
    for (const { answer, place } of answers) {
      const first = ["first", "second", "the", "fourth"].findIndex((word) => answer.startsWith(word));
      if (first !== -1) expect(place?.description).toMatch(new RegExp(`a\\.txt, lines? ${first + 1}\\b`));
    }
    const piped = await runWithInput("Anna Holm", "ask", model, "--question", "Who?", "--document", "-");
    expect(piped.out).toContain("standard input, line 1");
  });

  test("a document on standard input of which many questions are asked; a line with a text of its own", async () => {
    const input = join(folder, "questions.jsonl");
    writeFileSync(input, '{"question": "Who?"}\n{"question": "Who?", "text": "a text of its own"}\n');
    const { out } = await runWithInput("first\nAnna Holm", "ask", model, "--input", input, "--document", "-");
    const [shared, own] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AskDocument);
    expect(shared?.answers[0]?.place?.description).toMatch(/^standard input, lines? [12]/);
    expect(own?.answers[0]).not.toHaveProperty("place");
  });

  test("classify, fill and embed say them, too", async () => {
    const tagged = await runDocument(
      "classify",
      join(fixtures, "pipelines/token-classification"),
      "--tokenizer",
      join(fixtures, "pipelines/byte-level"),
      "--document",
      document("word.docx"),
    );
    const [{ entities = [] } = {}] = (tagged.document as { results: readonly { entities?: readonly object[] }[] }).results;
    for (const entity of entities) expect(entity).toMatchObject({ place: { paragraph: expect.any(Number) } });
    const chunks = await runDocument("embed", model, "--document", document("lease.pdf"), "--chunks", "--window-tokens", "64");
    const [{ chunks: found = [] } = {}] = (chunks.document as { results: readonly { chunks?: readonly object[] }[] }).results;
    expect(found.length).toBeGreaterThan(1);
    for (const chunk of found) expect(chunk).toMatchObject({ place: { page: expect.any(Number) }, embedding: expect.any(Array) });
  });

  test("what of a document was not read is told", async () => {
    const { warnings } = await ask("--document", document("half-scanned.pdf"));
    expect(warnings).toEqual([expect.stringContaining("no text on page 2")]);
    const told = await runCommand("ask", model, "--question", "Who?", "--document", document("half-scanned.pdf"));
    expect(told.error).toMatch(/^note {2}.*no text on page 2/);
  });
});

test("URLs, by what the server calls them", async () => {
  const { port } = server.address() as AddressInfo;
  const at = (name: string): string => `http://127.0.0.1:${port}/${name}`;
  expect((await ask("--document", at("lease.pdf"))).answers[0]?.place?.description).toContain(`${at("lease.pdf")}, page`);
  expect((await ask("--document", at("page.html"))).answers[0]?.place?.description).toContain("page.html, line");
  expect((await ask("--document", at("latin1"))).answers[0]?.place?.description).toContain("latin1, line 1");
});

test("an encoding that is said", async () => {
  const file = join(folder, "latin1.txt");
  writeFileSync(file, Buffer.from("Gr\u00fc\u00dfe an Anna", "latin1"));
  expect(await runCommand("ask", model, "--question", "Who?", "--document", file)).toMatchObject({
    code: 1,
    error: expect.stringContaining("is not text in UTF-8. Say which encoding it has (--encoding), such as latin1"),
  });
  for (const name of ["latin1", "latin-1", "ISO-8859-1"])
    expect((await ask("--document", file, "--encoding", name)).answers).toHaveLength(1);
  const unknown = await runCommand("ask", model, "--question", "Who?", "--document", file, "--encoding", "klingon");
  expect(unknown.error).toMatch(/There is no encoding "klingon" \(--encoding, of .*latin1\.txt\)/);
  const wide = join(folder, "wide.txt");
  writeFileSync(wide, Buffer.from("\ufeffAnna Holm kept the lamp.", "utf16le"));
  expect((await ask("--document", wide)).answers).toHaveLength(1);
});

test("files that only look like texts are named; a page may begin with a comment", async () => {
  for (const [name, bytes, what] of [
    ["a.txt", String.raw`{\rtf1\ansi Anna Holm}`, /a\.txt is an RTF file, which is not read\. Save it as \.docx/],
    ["b.txt", "%!PS-Adobe-3.0\n(Anna Holm) show", /is a PostScript file, which is not read\. Make a PDF/],
  ] as const) {
    writeFileSync(join(folder, name), bytes);
    const { code, error } = await runCommand("ask", model, "--question", "Who?", "--document", join(folder, name));
    expect([code, error]).toEqual([1, expect.stringMatching(what)]);
  }
  const page = Buffer.from("<!-- a comment -->\n<!-- another -->\n<!DOCTYPE html><p>Anna <b>Holm</b>");
  expect(documentFileOf(page, { name: "page" })).toMatchObject({ kind: "html" });
});

describe("without a reader", () => {
  test.each([
    ["lease.pdf", "is a PDF. npm's package @longspan/documents reads it: npm install @longspan/documents"],
    ["lease.docx", "is a .docx or another archive. npm's package @longspan/documents reads it"],
  ])("%s is named, with what to install", async (name, message) => {
    vi.mocked(loadDocumentReader).mockResolvedValue(undefined);
    const { code, error } = await runCommand("ask", model, "--question", "Who?", "--document", document(name));
    expect([code, error]).toEqual([3, expect.stringContaining(message)]);
  });

  test("so is UTF-16; a page is read with its markup, and that is said", async () => {
    vi.mocked(loadDocumentReader).mockResolvedValue(undefined);
    const wide = join(folder, "utf16.txt");
    writeFileSync(wide, Buffer.from("Anna Holm kept the lamp.", "utf16le"));
    const refused = await runCommand("ask", model, "--question", "Who?", "--document", wide);
    expect(refused).toMatchObject({ code: 3, error: expect.stringContaining("is text in UTF-16. npm's package") });
    const page = await runCommand("ask", model, "--question", "Who?", "--document", document("page.html"));
    expect(page).toMatchObject({
      code: 0,
      error: expect.stringContaining("is HTML, and is read with its markup. Without it npm's package"),
    });
  });
});

test.runIf(process.platform === "linux")("process substitution", async () => {
  const program = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
  const command = `"${process.execPath}" --conditions=@longspan/source --disable-warning=ExperimentalWarning "${program}" ask "${model}" --question Who --runtime reference --document <(cat "${document("lease.pdf")}")`;
  const out = await new Promise<string>((resolve) => {
    execFile("bash", ["-c", command], (_, stdout, stderr) => resolve(stdout + stderr));
  });
  expect(out).toMatch(/^.*\/dev\/fd\/\d+, pages? \d/);
});
