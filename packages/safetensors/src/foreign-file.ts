/**
 * What is often found under a `.safetensors` name instead of the file, by its first bytes. Their first eight, read as a length, are
 * always too large for a header.
 */
const foreignFiles: readonly { readonly start: string; readonly message: string }[] = [
  {
    start: "version ",
    message: 'This is a Git LFS pointer, not the file it points to: run "git lfs pull", or download the file itself.',
  },
  {
    start: "<!DOCTYP",
    message: "This is an HTML page, not a safetensors file: a download was answered with a page (a login or an error, perhaps).",
  },
  {
    start: "<!doctyp",
    message: "This is an HTML page, not a safetensors file: a download was answered with a page (a login or an error, perhaps).",
  },
  {
    start: "<html",
    message: "This is an HTML page, not a safetensors file: a download was answered with a page (a login or an error, perhaps).",
  },
  {
    start: "PK\u0003\u0004",
    message: "This is a zip file, not a safetensors file: perhaps one that torch.save wrote.",
  },
  { start: "\u0080\u0002", message: "This looks like a pickle, not a safetensors file." },
  { start: "\u0080\u0003", message: "This looks like a pickle, not a safetensors file." },
  { start: "\u0080\u0004", message: "This looks like a pickle, not a safetensors file." },
  {
    start: "\u001f\u008b",
    message: "This is a gzip file, not a safetensors file: decompress it first.",
  },
  { start: "GGUF", message: "This is a GGUF file, not a safetensors file." },
  { start: "{", message: "This is JSON text, not a safetensors file: perhaps its shard index." },
];

/** A sentence for a file that is known to be something else. */
export function describeForeignFile(start: Uint8Array): string | undefined {
  const text = String.fromCharCode(...start);
  return foreignFiles.find((file) => text.startsWith(file.start))?.message;
}
