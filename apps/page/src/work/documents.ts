import type { DocumentRequest, Place } from "../protocol/calls.ts";

interface OpenDocument {
  readonly text: string;
  place(start: number, end: number): Place;
}

let last: { readonly key: string; readonly document: Promise<OpenDocument> } | undefined;

/** The document's text and places; a document that was read is kept until another is asked for. */
export async function openDocument(request: DocumentRequest): Promise<OpenDocument> {
  if (last?.key !== request.key) last = { key: request.key, document: read(request) };
  const { document } = last;
  try {
    return await document;
  } catch (error) {
    last = undefined;
    throw error;
  }
}

async function read({ content }: DocumentRequest): Promise<OpenDocument> {
  const text = typeof content === "string" ? content : new TextDecoder().decode(await content.arrayBuffer());
  return {
    text,
    place: (start) => ({ line: text.slice(0, start).split("\n").length }),
  };
}
