import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import type { HttpSourceOptions } from "../bytes/http-options.ts";
import { urlInput } from "../bytes/url-input.ts";
import { LongspanError } from "../errors/longspan-error.ts";

/** In a browser a text is a URL, relative to the page. @throws LongspanError `argument-invalid` where it is none, or of another scheme. */
export async function textPlace(place: string | URL, options: HttpSourceOptions): Promise<CheckpointInput> {
  const page: unknown = Reflect.get(globalThis, "location");
  const base = typeof page === "object" && page !== null && "href" in page ? String(page.href) : undefined;
  const url = URL.canParse(place, base) ? new URL(place, base) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return urlInput(url, options);
  throw new LongspanError(
    "argument-invalid",
    `${JSON.stringify(String(place))} is no URL; here a checkpoint is given as an http(s) URL, a File or a list of Files.`,
    { details: { place: String(place) } },
  );
}
