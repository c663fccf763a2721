/** What is known of a file beside its bytes. */
export interface DocumentFileOptions {
  /** A path, a URL or a file's name. */
  readonly name: string;
  /** What a server calls it. */
  readonly mediaType?: string | undefined;
  /** Of a text, as its user says. */
  readonly encoding?: string | undefined;
}

/** What a file is. */
export type DocumentFile =
  /** No document that is read: `is a picture (PNG), which is not read. …`, behind its name. */
  | { readonly kind: "refused"; readonly why: string; readonly encrypted?: true }
  /** `what` follows "is": `a PDF`, `text in UTF-16`. A zip archive may be a .docx. */
  | { readonly kind: "pdf" | "zip"; readonly what: string }
  /** A text, and whether it is in UTF-8: so much of it can be read without a parser. */
  | { readonly kind: "html" | "markdown" | "text"; readonly what: string; readonly isUtf8: boolean };
