import { fileURLToPath } from "node:url";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { type Checkpoint, type Converter, createConverter, type OpenOptions } from "@longspan/core";
import { pathInput } from "@longspan/core/node";

export const converter: Converter = createConverter({ adapters: [torch(), paddle(), lightning()] });

/** A file or folder of fixtures, opened with every adapter. Whoever opens it closes it. */
export async function openFixture(path: string, options: Omit<OpenOptions, "adapters"> = {}): Promise<Checkpoint> {
  return converter.open(await pathInput(fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url))), options);
}
