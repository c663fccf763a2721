import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LongspanError } from "@longspan/core";
import type { AdapterDescription } from "@longspan/runtime-webgpu";
import { withoutNativeMessages } from "./native-messages.ts";

/**
 * This machine's GPU adapters. Dawn looks for them once in a process, whatever asks first, and says on standard error what it thinks of them: where
 * that cannot be kept from it, another process looks.
 * @throws LongspanError as `findAdapters`.
 */
export async function adaptersHere(): Promise<readonly AdapterDescription[]> {
  return (await adaptersOfThisProcess()) ?? (await adaptersOfAnother());
}

/** As `adaptersHere`, in this process or not at all: undefined. */
export async function adaptersOfThisProcess(): Promise<readonly AdapterDescription[] | undefined> {
  const { findAdapters } = await import("@longspan/runtime-webgpu");
  return withoutNativeMessages(findAdapters);
}

const program = `
const { findAdapters } = await import(process.argv[1]);
const said = await findAdapters().then((adapters) => ({ adapters }), (error) => ({ error: error.toJSON?.() ?? { message: String(error) } }));
process.stdout.write(JSON.stringify(said));
`;

async function adaptersOfAnother(): Promise<readonly AdapterDescription[]> {
  const words = [...process.execArgv, "--input-type=module", "--eval", program, import.meta.resolve("@longspan/runtime-webgpu")];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const { adapters, error } = JSON.parse(stdout) as {
    readonly adapters?: readonly AdapterDescription[];
    readonly error?: { readonly message: string };
  };
  if (adapters !== undefined) return adapters;
  throw LongspanError.from(error) ?? new Error(error?.message);
}
