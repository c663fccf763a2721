/** What a document was made of. */
export type DocumentKind = "text" | "markdown" | "html" | "docx" | "pdf";

/** A point in a document as its reader finds it. Everything counts from 1. */
export interface Position {
  /** Of a PDF. */
  readonly page?: number | undefined;
  /** Of a .docx: a paragraph of its body, those in tables and text boxes included, in the order in which they stand in the file. */
  readonly paragraph?: number | undefined;
  /** Of a .docx: a footnote or an endnote, which has no paragraph of the body. */
  readonly note?: string | undefined;
  /** Of a PDF: a line of its page. Of all others but a .docx: a line of the file. */
  readonly line?: number | undefined;
}

/** Where a piece of a document stands. */
export interface Place extends Position {
  /** The document's name. */
  readonly name: string;
  /** Where it ends, when that is another position than the one it begins at. */
  readonly last?: Position | undefined;
}

/** A document's text, with a map back to where it comes from. */
export interface Document {
  /** As it was given: for places and messages. */
  readonly name: string;
  /** What its bytes are. */
  readonly kind: DocumentKind;
  /** Lines end with `\n`. */
  readonly text: string;
  /** Sentences about what was not read. */
  readonly warnings: readonly string[];
  /**
   * Where `text.slice(start, end)` stands in the document.
   * @param start in UTF-16 units of the text, as are the places of answers
   * @throws RangeError for what is no piece of the text
   */
  place(start: number, end: number): Place;
}
