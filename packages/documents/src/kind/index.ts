export type { DocumentFile, DocumentFileOptions } from "./document-file.ts";
export { documentFileOf } from "./document-file-of.ts";
