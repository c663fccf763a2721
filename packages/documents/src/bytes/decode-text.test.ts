import { describe, expect, test } from "vitest";
import { readDocument } from "../read-document.ts";

const words = "Grüße aus Łódź\r\nzweite Zeile\rdritte\n";
const expected = "Grüße aus Łódź\nzweite Zeile\ndritte\n";

function utf16(text: string, { mark = false, bigEndian = false } = {}): Uint8Array {
  const units = Array.from(mark ? `\uFEFF${text}` : text, (unit) => unit.charCodeAt(0));
  return Uint8Array.from(units.flatMap((unit) => (bigEndian ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])));
}

async function textOf(bytes: Uint8Array, options: object = {}): Promise<string> {
  return (await readDocument(bytes, { name: "a.txt", ...options })).text;
}

test.each([
  ["UTF-8", new TextEncoder().encode(words)],
  ["UTF-8 with a mark", new TextEncoder().encode(`\uFEFF${words}`)],
  ["UTF-16, little endian, with a mark", utf16(words, { mark: true })],
  ["UTF-16, big endian, with a mark", utf16(words, { mark: true, bigEndian: true })],
  ["UTF-16, little endian", utf16(words)],
  ["UTF-16, big endian", utf16(words, { bigEndian: true })],
])("%s is read as it is", async (_, bytes) => {
  expect(await textOf(bytes)).toBe(expected);
});

test("Chinese in UTF-16 without a mark, by its line ends", async () => {
  expect(await textOf(utf16("灯塔守护人\n每晚点灯\n"))).toBe("灯塔守护人\n每晚点灯\n");
});

describe("Latin-1", () => {
  const bytes = Uint8Array.of(0x47, 0x72, 0xfc, 0xdf, 0x65);

  test("when said", async () => {
    expect(await textOf(bytes, { encoding: "latin1" })).toBe("Grüße");
    expect(await textOf(bytes, { mediaType: "text/plain; charset=iso-8859-1" })).toBe("Grüße");
  });

  test("when a page says so", async () => {
    const page = new TextEncoder().encode('<!doctype html><meta charset="iso-8859-1"><p>');
    expect(await textOf(Uint8Array.from([...page, ...bytes]), { name: "a.html" })).toBe("Grüße");
  });

  test("when a page of XML says so", async () => {
    const page = new TextEncoder().encode('<?xml version="1.0" encoding="iso-8859-1"?><html><p>');
    expect(await textOf(Uint8Array.from([...page, ...bytes]), { name: "a.html" })).toBe("Grüße");
  });

  test("said of a page in UTF-8, it is a slip; what its user says is not", async () => {
    const page = new TextEncoder().encode('<!doctype html><meta charset="iso-8859-1"><p>Grüße aus Łódź');
    expect(await textOf(page, { name: "a.html" })).toBe("Grüße aus Łódź");
    expect(await textOf(page, { name: "a.html", mediaType: "text/html; charset=windows-1250" })).toBe("Grüße aus Łódź");
    expect(await textOf(page, { name: "a.html", encoding: "latin1" })).toContain("GrÃ¼");
  });

  test("unsaid, it is refused with the way out", async () => {
    await expect(textOf(bytes)).rejects.toMatchObject({
      code: "inputs-invalid",
      message:
        "a.txt is not text in UTF-8. Say which encoding it has (option encoding), such as latin1, or give a PDF, a .docx, HTML, Markdown or text.",
    });
  });
});

test("an encoding that is none, and bytes that are no text in the one that was said", async () => {
  await expect(textOf(Uint8Array.of(65), { encoding: "latin-one" })).rejects.toMatchObject({ code: "argument-invalid" });
  await expect(textOf(Uint8Array.of(0xff), { encoding: "utf-8" })).rejects.toMatchObject({ code: "inputs-invalid" });
  await expect(textOf(Uint8Array.of(65, 0, 0, 66, 0, 1, 2))).rejects.toMatchObject({ code: "inputs-invalid" });
});

test("places are lines of the file, whatever ends them", async () => {
  const { place, text } = await readDocument(new TextEncoder().encode(words), { name: "a.txt" });
  expect(place(text.indexOf("dritte"), text.length)).toEqual({ name: "a.txt", line: 3 });
  expect(place(0, text.indexOf("dritte"))).toEqual({ name: "a.txt", line: 1, last: { line: 2 } });
});
