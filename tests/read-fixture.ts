// In two steps, so that the server of the browser's tests does not take it for an asset of a bundle.
const here = import.meta.url;
const fixtures = new URL("../fixtures/", here);

/** A fixture's bytes: from the disk, or in a browser from the server of the tests. `path` is relative to the folder `fixtures`. */
export async function readFixture(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(path, fixtures);
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export async function readJsonFixture(path: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readFixture(path)));
}
