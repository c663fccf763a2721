import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { streamText } from "../test/stream-text.ts";
import { headerStyle, styled, writeColumns, writeLine, writeText } from "./terminal.ts";

function written(write: (stream: PassThrough) => void): string {
  const stream = new PassThrough();
  write(stream);
  return streamText(stream);
}

test("a line shows what a terminal would obey, in styles too; long names are cut, texts are not", () => {
  expect(written((out) => writeLine(out, styled("red", "a\x1bb"), ": c\u202ed"))).toBe("a\\x1bb: c\\u202ed\n");
  const long = "x".repeat(10_000);
  expect(written((out) => writeLine(out, long)).length).toBeLessThan(300);
  expect(written((out) => writeText(out, long, "\0"))).toBe(`${long}\\x00\n`);
});

test("columns are as wide as their longest cell, to a bound", () => {
  const rows = [
    ["name", "type"],
    ["a", styled("green", "float32")],
    ["\x9b", ["two ", styled("bold", "parts")]],
    ["x", ""],
  ];
  expect(written((out) => writeColumns(out, rows, { style: headerStyle }))).toBe("name  type\na     float32\n\\x9b  two parts\nx\n");
  const long = "x".repeat(500_000);
  const table = written((out) =>
    writeColumns(
      out,
      Array.from({ length: 1000 }, (_, index) => [index === 0 ? long : String(index), "float32"]),
    ),
  );
  expect(table.length).toBeLessThan(1000 * 120);
  expect(table.split("\n")[1]).toBe(`1${" ".repeat(101)}float32`);
});
