import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import type { PackedPackage } from "./pack-packages.ts";

export interface LocalRegistry {
  readonly url: string;
  close(): void;
}

/** An npm registry that has the packed packages; for all others it sends on to `upstream`. */
export async function localRegistry(packages: readonly PackedPackage[], upstream: string): Promise<LocalRegistry> {
  const byName = new Map(packages.map((packed) => [packed.name, packed]));
  const byFile = new Map(packages.map((packed) => [basename(packed.tarball), packed]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    const packed = byName.get(path);
    const file = byFile.get(path.replace("tarballs/", ""));
    if (packed !== undefined) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(document(packed, address())));
    } else if (path.startsWith("tarballs/") && file !== undefined) {
      response.end(readFileSync(file.tarball));
    } else {
      response.writeHead(302, { location: new URL(request.url?.slice(1) ?? "", upstream).href }).end();
    }
  });
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: address(), close: () => server.close() };
}

function document({ name, manifest, tarball }: PackedPackage, url: string): object {
  const version = manifest.version;
  const integrity = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  const dist = { tarball: `${url}tarballs/${basename(tarball)}`, integrity };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } } };
}
