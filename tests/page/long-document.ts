// A document that is many times as long as a model reads, and a way through it.
import { readFileSync } from "node:fs";
import type { Page } from "playwright";
import { torch } from "@longspan/adapter-torch";
import { createConverter, memoryDirectorySink } from "@longspan/core";
import { seededCheckpoint } from "@longspan/core/testing";
import { exampleModel } from "./open-page.ts";

/** 60,000 words in paragraphs; `needle` is their end. */
export function longDocument(): { readonly text: string; readonly needle: string } {
  const example = readFileSync(`${exampleModel}document.txt`, "utf8");
  const paragraphs = example.split(/(?<=\. )(?=The young|There are)/).join("\n\n");
  const needle = "The access code of the Zanzibar lighthouse is 31415.";
  const words = paragraphs.split(/\s+/).length;
  return { text: `${`${paragraphs}\n`.repeat(Math.ceil(60_000 / words))}${needle}`, needle };
}

interface NamedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** The example's model with one narrow layer of seeded numbers: it reads 60,000 words in seconds, and answers with some words or other. */
export async function untrainedModel(): Promise<readonly NamedFile[]> {
  const example: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(`${exampleModel}config.json`, "utf8"));
  const narrow = { hidden_size: 8, num_attention_heads: 2, intermediate_size: 8, num_hidden_layers: 1, attention_window: [32] };
  const converter = createConverter({ adapters: [torch()] });
  const sink = memoryDirectorySink("untrained");
  await converter.convert(
    converter.plan(seededCheckpoint({ head: "question-answering", config: { ...example, ...narrow } }), { target: "hf" }),
    { sink },
  );
  const tokenizer = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"].map(
    (name) => [name, readFileSync(`${exampleModel}${name}`)] as const,
  );
  return [...sink.files, ...tokenizer].map(([name, bytes]) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) }));
}

/** Counts the document's pieces that are laid out, from now on. @returns how many they were at a time, at most, and in all */
export async function countLaidOut(page: Page): Promise<() => Promise<{ readonly most: number; readonly all: number }>> {
  await page.evaluate(() => {
    const all = new Set<EventTarget | null>();
    const now = new Set<EventTarget | null>();
    let most = 0;
    document.addEventListener("contentvisibilityautostatechange", (event) => {
      const { skipped, target } = event as ContentVisibilityAutoStateChangeEvent;
      if (skipped) now.delete(target);
      else for (const one of [all, now]) one.add(target);
      most = Math.max(most, now.size);
    });
    Object.assign(globalThis, { laidOut: () => ({ most, all: all.size }) });
  });
  return () => page.evaluate(() => (Reflect.get(globalThis, "laidOut") as () => { most: number; all: number })());
}

/** From the document's beginning to its end in 40 steps. */
export async function scrollThrough(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const text = document.querySelector(".document .text") as HTMLElement;
    for (let step = 0; step <= 40; step++) {
      text.scrollTop = (text.scrollHeight * step) / 40;
      // What comes onto the screen is laid out in one frame, what has gone is let go in the next.
      for (let frame = 0; frame < 2; frame++) await new Promise((next) => requestAnimationFrame(next));
    }
  });
}
