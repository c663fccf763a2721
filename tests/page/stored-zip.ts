/** The files of a zip that stores them as they are (APPNOTE.TXT 6.3.10, sections 4.3.12 and 4.3.16), by its central directory. */
export function storedFiles(zip: Buffer): ReadonlyMap<string, Uint8Array> {
  const end = zip.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  const files = new Map<string, Uint8Array>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 24)];
    if (method !== 0) throw new Error("a file of the zip is compressed");
    const [nameLength, extra, comment] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    const header = zip.readUInt32LE(at + 42);
    const data = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    files.set(name, new Uint8Array(zip.subarray(data, data + size)));
    at += 46 + nameLength + extra + comment;
  }
  return files;
}
