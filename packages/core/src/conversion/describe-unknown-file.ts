/** What a file that no container claims most likely is, with the way out. Source of the magic numbers: the formats' own specifications. */
export function describeUnknownFile(head: Uint8Array, size: number): string {
  const text = new TextDecoder("latin1").decode(head.subarray(0, 512));
  const start = text.trimStart().toLowerCase();
  if (size === 0) return "it is empty. Fetch or copy it again";
  if (text.startsWith("version https://git-lfs")) {
    return 'it is a Git LFS pointer, not the weights. Run "git lfs pull" in the repository it came from, or download the file itself';
  }
  if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
    return "it is an HTML page (a sign-in or error page saved under the file's name). Download the file itself";
  }
  if (start.startsWith("{") && /"error"/.test(start)) return "it is a JSON error message from a server. Download the file again";
  if (start.startsWith("<?xml")) return "it is an XML document (an error message of a file store). Download the file itself";
  for (const [magic, what] of magics) {
    if (magic.every((byte, index) => head[index] === byte)) return `it is ${what}`;
  }
  if (new TextDecoder("latin1").decode(head.subarray(257, 262)) === "ustar") return "it is a tar archive. Unpack it first";
  const bytes = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `it begins with the bytes ${bytes}, which none of the adapters in use knows`;
}

const magics: readonly (readonly [readonly number[], string])[] = [
  [[0x1f, 0x8b], "gzip-compressed. Unpack it first"],
  [[0x37, 0x7a, 0xbc, 0xaf], "a 7z archive. Unpack it first"],
  [[0x42, 0x5a, 0x68], "bzip2-compressed. Unpack it first"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz-compressed. Unpack it first"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd-compressed. Unpack it first"],
  [[0x89, 0x48, 0x44, 0x46], "an HDF5 file (Keras or TensorFlow weights), which Longspan does not read"],
  [[0x47, 0x47, 0x55, 0x46], "a GGUF file, which Longspan does not read"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF document"],
  [[0x50, 0x4b, 0x05, 0x06], "an empty zip archive"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive, but not one that torch.save wrote"],
];
