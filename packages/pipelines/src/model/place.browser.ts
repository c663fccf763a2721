import { type CheckpointInput, LongspanError, urlInput } from "@longspan/core";
import type { HubOptions } from "@longspan/hub";

/** In a browser a model's place is a URL, relative to the page; a model on the hub is given as `await hubModel("owner/name")`. @throws LongspanError `argument-invalid` where there is no page. */
export async function place(text: string, { signal, timeout, onProgress }: HubOptions): Promise<CheckpointInput> {
  const page: unknown = Reflect.get(globalThis, "location");
  const base = typeof page === "object" && page !== null && "href" in page ? String(page.href) : undefined;
  if (!URL.canParse(text, base)) {
    throw new LongspanError(
      "argument-invalid",
      `${JSON.stringify(text)} is no URL; here a model is given as a URL, a File or a list of Files.`,
      {
        details: { model: text },
      },
    );
  }
  return urlInput(new URL(text, base), { signal, timeout, onProgress });
}
