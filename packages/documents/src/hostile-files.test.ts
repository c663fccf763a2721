import { readFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import { TextReader, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { describe, expect, test } from "vitest";
import { readDocument } from "./read-document.ts";

const fixture = async (name: string): Promise<Buffer> => readFile(new URL(`../../../fixtures/documents/${name}`, import.meta.url));

async function docx(document: string | Uint8Array, more: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  await zip.add("[Content_Types].xml", new TextReader("<Types/>"));
  await zip.add("word/document.xml", typeof document === "string" ? new TextReader(document) : new Uint8ArrayReader(document));
  for (const [name, text] of Object.entries(more)) await zip.add(name, new TextReader(text));
  return zip.close();
}

const paragraph = (words: string): string => `<w:document><w:body><w:p><w:r><w:t>${words}</w:t></w:r></w:p></w:body></w:document>`;

async function read(bytes: Uint8Array, name = "a.docx"): Promise<string> {
  return (await readDocument(bytes, { name })).text;
}

/** A PDF of a page with this content, without a table of its objects, as pdf.js finds them. */
function pdf(content: Uint8Array, dictionary = "/Filter /FlateDecode"): Buffer {
  const before =
    "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n" +
    "3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources <</Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj\n" +
    `4 0 obj <<${dictionary} /Length ${content.length}>> stream\n`;
  return Buffer.concat([Buffer.from(before), content, Buffer.from("\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n")]);
}

const hello = "BT /F 12 Tf (Hello) Tj ET";

/** Codes as LZW writes them: 9 bits each, and more as sequences become many. */
function codes(list: readonly number[]): Buffer {
  let [bits, known] = ["", 257];
  for (const code of list) {
    bits += code.toString(2).padStart(known < 511 ? 9 : known < 1023 ? 10 : known < 2047 ? 11 : 12, "0");
    known = code === 256 ? 257 : Math.min(4096, known + 1);
  }
  return Buffer.from(bits.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)) ?? []);
}

function base85(bytes: Uint8Array): Buffer {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    let value = Buffer.concat([bytes.subarray(at, at + 4), Buffer.alloc(4)]).readUInt32BE(0);
    let group = "";
    for (let digit = 0; digit < 5; digit++) {
      group = String.fromCharCode((value % 85) + 33) + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return Buffer.from(`${text}~>`);
}

describe("a .docx", () => {
  test("that unpacks to gigabytes is refused before it does", async () => {
    const zeros = await docx(new Uint8Array(2 ** 26 + 1));
    expect(zeros.length).toBeLessThan(100_000);
    await expect(read(zeros)).rejects.toMatchObject({ code: "limit-exceeded", message: expect.stringContaining("unpacks to more than") });
  });

  test("of a million paragraphs in some kilobytes", async () => {
    const many = await docx(`<w:document><w:body>${"<w:p><w:r><w:t>words</w:t></w:r></w:p>".repeat(500_000)}</w:body></w:document>`);
    expect(many.length).toBeLessThan(200_000);
    await expect(read(many)).rejects.toMatchObject({ code: "limit-exceeded" });
    const some = await docx(`<w:document><w:body>${"<w:p><w:r><w:t>words</w:t></w:r></w:p>".repeat(10_000)}</w:body></w:document>`);
    expect((await read(some)).length).toBe(59_999);
  });

  test("that says that it is small", async () => {
    const bytes = Buffer.from(await docx(new Uint8Array(2 ** 26 + 1)));
    // Both places that say how long the part is (APPNOTE 4.3.7 and 4.3.12).
    let found = 0;
    for (let at = bytes.indexOf("word/document.xml"); at !== -1; at = bytes.indexOf("word/document.xml", at + 1)) {
      for (const field of [at - 8, at - 22]) {
        if (bytes.readUInt32LE(field) !== 2 ** 26 + 1) continue;
        bytes.writeUInt32LE(1000, field);
        found++;
      }
    }
    expect(found).toBeGreaterThan(0);
    await expect(read(bytes)).rejects.toMatchObject({ code: expect.stringMatching(/^(?:limit-exceeded|malformed)$/) });
  });

  test("whose entities stand for one another: they are not looked up", async () => {
    const laughs = `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>${paragraph("x&b;&amp;&#x41;")}`;
    expect(await read(await docx(laughs))).toBe("x&b;&A");
  });

  test("whose text is elsewhere: nothing is fetched", async () => {
    const relation = (target: string, more = ""): string =>
      `<Relationships><Relationship Id="a" Type="http://x/officeDocument" Target="${target}"${more}/></Relationships>`;
    expect(
      await read(await docx(paragraph("here"), { "_rels/.rels": relation("http://example.org/a.xml", ' TargetMode="External"') })),
    ).toBe("here");
    const outside = read(await docx(paragraph("here"), { "_rels/.rels": relation("../../etc/passwd") }));
    await expect(outside).rejects.toMatchObject({ code: "malformed", message: expect.stringContaining("has no etc/passwd") });
  });

  test("of very deep elements, one that ends within one, and one without its document", async () => {
    await expect(read(await docx("<w:a>".repeat(100_000)))).rejects.toMatchObject({ code: "malformed" });
    await expect(read(await docx("<w:document><w:body><w:p><w:r><w:t>a"))).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("ends within w:t"),
    });
    await expect(read(await docx("\0\0", {}))).rejects.toMatchObject({ code: "malformed" });
  });

  test("cut anywhere, or with a byte changed in its text", async () => {
    const whole = await fixture("word.docx");
    for (let size = 4; size < whole.length; size += 997) {
      await expect(read(whole.subarray(0, size))).rejects.toMatchObject({ code: expect.stringMatching(/^(?:malformed|unsupported)$/) });
    }
    const bytes = Buffer.from(await docx(paragraph("words ".repeat(100))));
    const at = bytes.indexOf("word/document.xml") + "word/document.xml".length + 40;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    await expect(read(bytes)).rejects.toMatchObject({ code: "malformed" });
  });
});

describe("a PDF", () => {
  test("as it is made here is read", async () => {
    expect(await read(pdf(deflateSync(hello)), "a.pdf")).toBe("Hello");
    expect(await read(pdf(deflateSync(deflateSync(hello)), "/Filter [/FlateDecode /FlateDecode]"), "a.pdf")).toBe("Hello");
  });

  test("whose page unpacks to much more than a page has, deflated once or twice", async () => {
    const zeros = deflateSync(Buffer.alloc(2 ** 25 + 1, " "));
    await expect(read(pdf(zeros), "a.pdf")).rejects.toMatchObject({ code: "limit-exceeded", message: expect.stringContaining("33554432") });
    const twice = pdf(deflateSync(zeros), "/Filter [/FlateDecode /FlateDecode]");
    expect(twice.length).toBeLessThan(2000);
    await expect(read(twice, "a.pdf")).rejects.toMatchObject({ code: "limit-exceeded" });
    // It calls itself a picture, of which there may be more.
    await expect(read(pdf(twice, "/Subtype /Image /Filter [/FlateDecode /FlateDecode]"), "a.pdf")).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:limit-exceeded|unsupported|malformed)$/),
    });
  });

  test("whose page does so behind encryption, and one of which nobody knows how it is encrypted", async () => {
    await expect(read(await fixture("protected-large.pdf"), "a.pdf")).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringContaining("33554432"),
    });
    const file = (await fixture("protected-aes-128.pdf")).toString("latin1");
    expect(await read(Buffer.from(file, "latin1"), "a.pdf")).toBe("The mooring is paid until 30 June.");
    const encrypt = "<</Filter /Standard /V 2 /R 3 /P -4 /Length 128 /O (a) /U (b)>>";
    for (const more of [`trailer <</Encrypt ${encrypt}>>`, "trailer <</Encrypt 99 0 R>>"]) {
      const changed = Buffer.from(file.replace(/%%EOF\s*$/, `${more}\n%%EOF\n`), "latin1");
      await expect(read(changed, "a.pdf")).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("is encrypted") });
    }
    for (const dictionary of [encrypt, encrypt.replace("Standard", "Other"), "<<>>", "12"]) {
      const other = Buffer.from(
        pdf(deflateSync(hello)).toString("latin1").replace("/Root 1 0 R", `/Root 1 0 R /Encrypt ${dictionary}`),
        "latin1",
      );
      await expect(read(other, "a.pdf")).rejects.toMatchObject({ code: "unsupported" });
    }
  });

  const hexadecimal = Buffer.from(`${Buffer.from(hello).toString("hex")}>`);
  const runs = Buffer.concat([Buffer.of(hello.length - 1), Buffer.from(hello), Buffer.of(128)]);

  test.each([
    ["codes", codes([256, ...Buffer.from(hello), 257]), "/Filter /LZWDecode"],
    ["runs", runs, "/Filter [ /RunLengthDecode ]"],
    ["hexadecimal", hexadecimal, "/Filter /ASCIIHexDecode"],
    ["base 85", base85(Buffer.from(`${hello}   `)), "/Filter /ASCII85Decode"],
    ["several", deflateSync(runs), "/Filter [/Fl /R#4c]"],
    ["short keys", runs, "/F /RL /X (9 0 obj << /F /Fl >>)"],
    ["what stands elsewhere", runs, ">> endobj\n9 0 obj /RL endobj\n4 0 obj << /Filter 9 0 R"],
  ])("packed as %s is read", async (_what, content, dictionary) => {
    expect(await read(pdf(content, dictionary), "a.pdf")).toBe("Hello");
  });

  const manyCodes = codes(Array.from({ length: 6 }, () => [256, 32, ...Array.from({ length: 3837 }, (_, code) => code + 258)]).flat());
  const manyRuns = Buffer.alloc(2 ** 19 + 8, Buffer.of(129, 32));

  test.each([
    ["codes", manyCodes, "/Filter /LZWDecode"],
    ["runs, deflated", deflateSync(manyRuns), "/Filter [/FlateDecode /RunLengthDecode]"],
    ["runs, by other names", deflateSync(manyRuns), "/F [/Fl/R#4C]"],
    ["runs, after much else", deflateSync(manyRuns), `/Filter [/Fl %) 1 0 obj << \n /RL] /X (1 0 obj << ${" ".repeat(5000)})`],
    ["runs, by a name elsewhere", manyRuns, "/Filter 9 0 R >> endobj 9 0 obj /RL endobj 4 0 obj << /Filter 9 0 R"],
    ["base 85 of deflated bytes", base85(deflateSync(Buffer.alloc(2 ** 25 + 1))), "/Filter [/A85 /FlateDecode]"],
    ["hexadecimal of deflated bytes", Buffer.from(deflateSync(Buffer.alloc(2 ** 25 + 1)).toString("hex")), "/Filter [/AHx /Fl]"],
    ["rows of a gigabyte", deflateSync("a"), "/Filter /Fl /DecodeParms << /Predictor 12 /Columns 1000000000 >>"],
  ])("whose page is much larger than a page, packed as %s", async (_what, content, dictionary) => {
    const bytes = pdf(content, dictionary);
    expect(bytes.length).toBeLessThan(600_000);
    await expect(read(bytes, "a.pdf")).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringContaining("unpacks to more"),
    });
  });

  test("whose stream begins and ends where only some readers look", async () => {
    // A block that is stored, and holds the end mark, before the others.
    const bytes = deflateSync(Buffer.alloc(2 ** 25 + 2 ** 20));
    const stored = Buffer.concat([Buffer.from("7801000900f6ff", "hex"), Buffer.from("endstream"), bytes.subarray(2)]);
    await expect(read(pdf(stored), "a.pdf")).rejects.toMatchObject({ code: "limit-exceeded" });
    const bare = Buffer.from(pdf(bytes).toString("latin1").replace("stream\n", "stream %\r"), "latin1");
    await expect(read(bare, "a.pdf")).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  test.each([
    ["a name that is in no place", "/Filter 99 0 R"],
    ["two of them", "/Filter 9 0 R >> endobj 9 0 obj /RL endobj 9 0 obj /Fl endobj 4 0 obj << /Filter 9 0 R"],
    ["what is not unpacked here", "/Filter /BrotliDecode"],
  ])("that hides how it is packed: %s", async (_what, dictionary) => {
    await expect(read(pdf(runs, dictionary), "a.pdf")).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("plainly"),
    });
  });

  test("of lists in lists, and of streams in one another", async () => {
    await expect(read(pdf(runs, `/X ${"[".repeat(100_000)}`), "a.pdf")).rejects.toMatchObject({ code: "malformed" });
    const many = "1 0 obj<</F/A85>>stream\n ".repeat(2000);
    await expect(read(Buffer.from(`%PDF-1.4\n${many}\n%%EOF`), "a.pdf")).rejects.toMatchObject({ code: "malformed" });
    const nested = "obj<</X".repeat(2000);
    await expect(read(Buffer.from(`%PDF-1.4\n${nested}\n%%EOF`), "a.pdf")).rejects.toMatchObject({ code: "malformed" });
  });

  test("of streams that never begin", async () => {
    const many = "1 0 obj<<>>stream ".repeat(80_000);
    await expect(read(Buffer.from(`%PDF-1.4\n${many}\n%%EOF`), "a.pdf")).rejects.toMatchObject({ code: "malformed" });
  });

  test("of drawings that are drawn in one another", async () => {
    const forms = Array.from({ length: 6 }, (_, depth) => {
      // Few drawings come to much text: the test is to be quick.
      const content = depth === 5 ? hello.replace("Hello", "Hello ".repeat(200)) : `/X Do `.repeat(10);
      const inner = depth === 5 ? "" : `/XObject <</X ${11 + depth} 0 R>>`;
      return `${10 + depth} 0 obj <</Type /XObject /Subtype /Form /BBox [0 0 99 99] /Length ${content.length} /Resources <<${inner} /Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> stream\n${content}\nendstream endobj\n`;
    }).join("");
    const page = "/X Do";
    const file =
      "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n" +
      `3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources <</XObject <</X 10 0 R>>>>>> endobj\n4 0 obj <</Length ${page.length}>> stream\n${page}\nendstream endobj\n${forms}` +
      "trailer <</Root 1 0 R>>\n%%EOF\n";
    await expect(read(Buffer.from(file), "a.pdf")).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringContaining("characters"),
    });
  });

  test("cut anywhere", async () => {
    const whole = await fixture("lease.pdf");
    for (let size = 8; size < whole.length - 8; size += 997) {
      await expect(read(whole.subarray(0, size), "a.pdf")).rejects.toMatchObject({ code: "truncated" });
    }
  });

  test("of whose promises nobody waits for one that fails: the process lives on, and others are still told of their own", async () => {
    const { withoutLeftPromises } = await import("./formats/pdf/left-promises.ts");
    const told: unknown[] = [];
    const listener = (reason: unknown): void => void told.push(reason);
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", listener);
    const own = Object.assign(new Error("End of file inside array."), { name: "ParserEOFException" });
    const foreign = new Error("of somebody else");
    try {
      const work = async (): Promise<string> => {
        void Promise.reject(own);
        void Promise.reject(foreign);
        return "read";
      };
      expect(await withoutLeftPromises(work)).toBe("read");
      expect(told).toEqual([own, foreign]);
      expect(process.listeners("unhandledRejection")).toEqual([listener]);
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const other of others) process.on("unhandledRejection", other);
    }
  });

  test("of which a part is damaged", async () => {
    await expect(read(pdf(Buffer.from("nothing deflated")), "a.pdf")).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:malformed|unsupported)$/),
    });
    await expect(read(Buffer.from("%PDF-1.7\n%%EOF"), "a.pdf")).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("is a damaged PDF"),
    });
  });
});

test("pages and texts of many marks: read, or refused, and nothing left out", async () => {
  expect(await read(Buffer.from(`${"<b>".repeat(4000)}x`), "a.html")).toBe("x");
  await expect(read(Buffer.from(`${"<b>".repeat(1_000_000)}x`), "a.html")).rejects.toMatchObject({ code: "limit-exceeded" });
  expect(await read(Buffer.from(`${"> ".repeat(190)}x`), "a.md")).toBe("x");
  await expect(read(Buffer.from(`${"> ".repeat(20_000)}x`), "a.md")).rejects.toMatchObject({ code: "limit-exceeded" });
  expect((await read(Buffer.from("[".repeat(20_000)), "a.md")).length).toBe(20_000);
});

test("archives of other things, and of nothing", async () => {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  await zip.add("letter.txt", new TextReader("a"));
  const bytes = await zip.close();
  await expect(read(bytes, "a.zip")).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("is a zip archive. Unpack it"),
  });
  await expect(read(Buffer.from("PK\u0005\u0006"), "a.zip")).rejects.toMatchObject({ code: "malformed" });
});
