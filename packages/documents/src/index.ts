export { maxDocumentBytes, readDocument, type ReadDocumentOptions } from "./read-document.ts";
export { describePlace } from "./place/describe-place.ts";
export type { Document, DocumentKind, Place, Position } from "./document.ts";
