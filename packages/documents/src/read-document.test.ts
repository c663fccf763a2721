import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { describePlace, readDocument, type Document } from "./index.ts";

const fixtures = new URL("../../../fixtures/documents/", import.meta.url);

async function read(name: string): Promise<Document> {
  return readDocument(await readFile(new URL(name, fixtures)), { name });
}

/** Where these words stand, in words. */
function placeOf({ text, place }: Document, words: string): string {
  const start = text.indexOf(words);
  expect([words, start]).not.toEqual([words, -1]);
  return describePlace(place(start, start + words.length));
}

describe("PDF", () => {
  test.each(["lease.pdf", "page.pdf"])("the words of each page of %s are those that poppler reads", async (name) => {
    const { text, place } = await read(name);
    const expected: string[][] = JSON.parse(await readFile(new URL(`${name}.words.json`, fixtures), "utf8"));
    const found: string[][] = [];
    for (const { 0: word, index } of text.matchAll(/\S+/g)) (found[(place(index, index + word.length).page ?? 0) - 1] ??= []).push(word);
    expect(found).toEqual(expected);
  });

  test("places are pages and lines", async () => {
    const document = await read("lease.pdf");
    expect(document).toMatchObject({ kind: "pdf", name: "lease.pdf", warnings: [] });
    expect(placeOf(document, "Ada Keeper")).toBe("lease.pdf, page 1, line 2");
    expect(placeOf(document, "Keeper,\nborn in Żywiec")).toBe("lease.pdf, page 1, lines 2 to 3");
    expect(placeOf(document, "900 crowns")).toBe("lease.pdf, page 2, line 2");
    expect(placeOf(document, "witness.\n\nThe rent")).toBe("lease.pdf, pages 1 to 2");
    expect(placeOf(await read("page.pdf"), "51,300")).toBe("page.pdf, page 1, line 4");
  });

  test.each(["rc4-40", "rc4-128", "aes-128", "aes-256-r5", "aes-256"])(
    "one that opens without a password is read: %s",
    async (algorithm) => {
      const document = await read(`protected-${algorithm}.pdf`);
      expect([document.text, document.warnings]).toEqual(["The mooring is paid until 30 June.", []]);
    },
  );

  test.each(["right-to-left.pdf", "right-to-left.libreoffice.pdf"])(
    "Arabic and Hebrew are in the order in which they are read: %s",
    async (name) => {
      const source = await readFile(new URL("right-to-left.html", fixtures), "utf8");
      const sentences = Array.from(source.matchAll(/<p[^>]*>(.{2,})<\/p>/g), ([, sentence]) => sentence);
      expect(sentences).toHaveLength(3);
      expect((await read(name)).text).toBe(sentences.join("\n"));
    },
  );

  test("characters that a font gives no name are left out, and told of", async () => {
    const { warnings } = await read("right-to-left.pdf");
    expect(warnings).toEqual(["right-to-left.pdf has characters on page 1 that its fonts give no names; they are left out."]);
  });

  test("what is printed twice to look bold is read once; what was typed onto a page is read, notes beside it are not", async () => {
    expect((await read("printed-twice.pdf")).text).toBe("Mooring rules\nNo rule is without a rule.\nApproved on 3 June");
  });

  test("what was filled into a form is read with what it is called", async () => {
    expect((await read("form.pdf")).text).toBe("Application for a mooring\nName of the boat:\nName of the boat: Gannet");
  });

  test("pages without text are told of", async () => {
    const { text, warnings } = await read("half-scanned.pdf");
    expect(text).toContain("Lease of the lighthouse");
    expect(warnings).toEqual(["half-scanned.pdf has no text on page 2: blank, or pictures, which are not read."]);
  });
});

describe(".docx", () => {
  test("LibreOffice's: what reads now, without what was deleted or is hidden; a row of a table on a line; notes at the end", async () => {
    const document = await read("lease.docx");
    expect(document.text).toBe(
      "Lease of the lighthouse\nThe tenant is Ada Keeper,\nborn in Żywiec. She signed on 4 May 2021.\nRoom\tArea\nLamp room\t17 square metres\n\n" +
        "The rent is 420 crowns a month, first due on the fifth\tof June.\n" +
        "The deposit of 900 crowns is kept by the harbour master, who gives it back within six weeks after the keys were handed over, unless something is broken.\n" +
        "Her sister Odile was the witness.",
    );
    expect(placeOf(document, "420")).toBe("lease.docx, paragraph 7");
    expect(placeOf(document, "Area\nLamp room")).toBe("lease.docx, paragraphs 4 to 5");
    expect(placeOf(document, "Odile")).toBe("lease.docx, footnote 2");
  });

  test("one made from Word's template", async () => {
    const document = await read("word.docx");
    expect(document).toMatchObject({ kind: "docx", warnings: [] });
    expect(document.text).toBe(
      "Minutes of the harbour board\nThe board met on 12 March 2024 in the customs house.\nMember\tOffice\nInes Moreau\ttreasurer\n" +
        "The crane was bought for 51,300 crowns.\nThe next meeting is on 9 April.",
    );
    expect(placeOf(document, "9 April")).toBe("word.docx, paragraph 8");
  });
});

describe("HTML", () => {
  test("the main part as its reader sees it, with the file's lines", async () => {
    const document = await read("page.html");
    expect(document.kind).toBe("html");
    expect(document.text).toBe(
      "A new crane\n\nThe harbour bought a crane for 51,300\u00a0crowns. It lifts 40\u202ftonnes & turns by itself.\n\nMaker\tYear\nHansen & Søn\t2019\n\n" +
        "first line\n  second line\n\nOffice: the customs house\nHours: nine to five\n\nThe first ship was unloaded on 3 June, officially\nin the fog.",
    );
    expect(placeOf(document, "bought a crane")).toBe("page.html, line 20");
    expect(placeOf(document, "second line")).toBe("page.html, line 27");
    expect(placeOf(document, "in the fog")).toBe("page.html, line 32");
  });
});

describe("what is not read is named, with the way out", () => {
  test.each([
    ["scanned.pdf", "has no text on its page: it is scanned, or drawn. Recognise its text first (OCR"],
    ["encrypted.pdf", "is encrypted. Save it without a password"],
    ["encrypted.docx", "is encrypted. Save it without a password"],
    ["korean.pdf", "Korean font that is not in the file (by the table UniKS-UCS2-H.bcmap)"],
    ["lease.doc", "is a file of Office 97 to 2003"],
    ["lease.odt", "is an OpenDocument file"],
    ["lease.rtf", "is an RTF file"],
    ["picture.png", "is a picture (PNG), which is not read. Recognise its text first (OCR)"],
  ])("%s", async (name, message) => {
    await expect(read(name)).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining(message) });
    await expect(read(name)).rejects.toMatchObject({ message: expect.stringMatching(new RegExp(`^${name} `)) });
  });
});

test("a view of a larger buffer, and one shared between threads", async () => {
  const file = await readFile(new URL("lease.pdf", fixtures));
  const expected = (await readDocument(file, { name: "lease.pdf" })).text;
  const larger = new Uint8Array(file.length + 20);
  larger.set(file, 10);
  expect((await readDocument(larger.subarray(10, -10), { name: "x" })).text).toBe(expected);
  const shared = new Uint8Array(new SharedArrayBuffer(file.length));
  shared.set(file);
  expect((await readDocument(shared, { name: "x" })).text).toBe(expected);
  expect(larger.subarray(10, -10)).toEqual(new Uint8Array(file));
});

test("a signal ends it", async () => {
  const file = await readFile(new URL("lease.pdf", fixtures));
  await expect(readDocument(file, { name: "x", signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
});

test("an option that there is not is refused by the one that was meant", async () => {
  const misspelt = { name: "x", encodings: "latin1" };
  await expect(readDocument(new Uint8Array(1), misspelt)).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringMatching(/no option "encodings" of readDocument.*encoding/) as string,
  });
});

test("what is no piece of the text has no place", async () => {
  const { place, text } = await read("word.docx");
  expect(() => place(3, text.length + 1)).toThrow(RangeError);
  expect(() => place(-1, 3)).toThrow(RangeError);
  expect(place(text.length, text.length)).toEqual({ name: "word.docx", paragraph: 8 });
});
