import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { streamText } from "../../test/stream-text.ts";
import { progressDisplay } from "./progress-display.ts";

function terminal(properties: { isTTY?: boolean; columns?: number }): PassThrough & { columns?: number } {
  // What ora asks of a terminal besides writing.
  return Object.assign(new PassThrough(), { cursorTo: () => true, clearLine: () => true, moveCursor: () => true }, properties);
}

async function drawn(properties: { isTTY?: boolean; columns?: number }): Promise<string> {
  const stream = terminal(properties);
  const display = await progressDisplay(stream);
  for (const done of [0, 50, 100]) display.onProgress({ stage: "convert", item: "embeddings", done, total: 100, unit: "bytes" });
  display.stop();
  return streamText(stream);
}

test("a terminal sees what is done", async () => {
  expect(await drawn({ isTTY: true, columns: 100 })).toContain("convert 0 %");
});

test("nothing is drawn where there is no terminal, or one without a width", async () => {
  expect(await drawn({})).toBe("");
  expect(await drawn({ isTTY: true })).toBe("");
  expect(await drawn({ isTTY: true, columns: 0 })).toBe("");
});

test("waiting for a server is told everywhere, now and again where there is no terminal", async () => {
  const told = async (properties: { isTTY?: boolean; columns?: number }): Promise<string> => {
    const stream = terminal(properties);
    const display = await progressDisplay(stream);
    expect(await progressDisplay(stream)).toBe(display);
    for (let done = 1; done < 30; done++) display.onProgress({ stage: "wait", item: "models.example", done, total: 30, unit: "seconds" });
    display.stop();
    return streamText(stream);
  };
  expect(await told({})).toBe([2, 5, 10, 20].map((seconds) => `waiting for models.example … ${seconds} s of 30\n`).join(""));
  expect(await told({ isTTY: true, columns: 100 })).toContain("waiting for models.example … 1 s of 30");
});
