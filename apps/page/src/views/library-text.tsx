import type { JSX } from "preact";
import { onPage } from "./on-page.ts";

/** A sentence of the library's: in English whatever the page's language, which a screen reader has to know. */
export function LibraryText({ text }: { readonly text: string }): JSX.Element {
  return <span lang="en">{onPage(text)}</span>;
}
