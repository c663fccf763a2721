import { readDocument, type Document } from "@longspan/documents";
import type { DocumentRequest } from "../protocol/calls.ts";

let last: { readonly key: string; readonly document: Promise<Document> } | undefined;

/** The document's text and places; a document that was read is kept until another is asked for. */
export async function openDocument(request: DocumentRequest, signal?: AbortSignal): Promise<Document> {
  if (last?.key !== request.key) last = { key: request.key, document: read(request, signal) };
  const { document } = last;
  try {
    return await document;
  } catch (error) {
    last = undefined;
    throw error;
  }
}

async function read({ name, content }: DocumentRequest, signal: AbortSignal | undefined): Promise<Document> {
  if (content instanceof Blob) return readDocument(new Uint8Array(await content.arrayBuffer()), { name, mediaType: content.type, signal });
  return readDocument(new TextEncoder().encode(content), { name: `${name}.txt`, encoding: "utf-8", signal });
}
