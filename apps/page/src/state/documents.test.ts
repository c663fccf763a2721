import { beforeEach, expect, test, vi } from "vitest";
import { documentProblem, openDocument, openedDocument, readingDocument } from "./documents.ts";

interface Reading {
  readonly resolve: (read: { readonly text: string; readonly warnings: readonly string[] }) => void;
  readonly reject: (error: Error) => void;
}

const readings: Reading[] = [];

vi.mock("./work.ts", () => ({
  work: { call: () => new Promise((resolve, reject) => readings.push({ resolve, reject })) },
  problemOf: ({ message }: Error) => ({ code: "unexpected", message }),
}));

beforeEach(() => {
  readings.length = 0;
  [openedDocument.value, readingDocument.value, documentProblem.value] = [undefined, undefined, undefined];
});

test("of two documents of one name the newer is opened, in whatever order they are read", async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const both = [openDocument("report.txt", "old"), openDocument("report.txt", "new")];
    const [older, newer] = readings.splice(0);
    for (const which of order) (which === 0 ? older : newer)?.resolve({ text: which === 0 ? "old" : "new", warnings: [] });
    expect(await Promise.all(both)).toEqual([false, true]);
    expect(openedDocument.value?.text).toBe("new");
    expect(readingDocument.value).toBe(undefined);
  }
});

test("an older document that cannot be read is no problem of the newer one", async () => {
  const both = [openDocument("old.pdf", "old"), openDocument("new.txt", "new")];
  readings[0]?.reject(new Error("old.pdf is no PDF."));
  await both[0];
  expect(documentProblem.value).toBe(undefined);
  expect(readingDocument.value).toBe("new.txt");
  readings[1]?.resolve({ text: "new", warnings: [] });
  expect(await both[1]).toBe(true);
  const third = openDocument("new.txt", "worse");
  readings[2]?.reject(new Error("new.txt is no text."));
  expect(await third).toBe(false);
  expect(documentProblem.value?.message).toBe("new.txt is no text.");
  expect(openedDocument.value?.text).toBe("new");
});
