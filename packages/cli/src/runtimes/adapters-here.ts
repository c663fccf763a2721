import type { AdapterDescription } from "@longspan/runtime-webgpu";
import { withoutNativeMessages } from "./native-messages.ts";

/** This machine's GPU adapters. Dawn looks for them once in a process, whatever asks first. @throws LongspanError as `findAdapters`. */
export async function adaptersHere(): Promise<readonly AdapterDescription[]> {
  const { findAdapters } = await import("@longspan/runtime-webgpu");
  return withoutNativeMessages(findAdapters);
}
