import { LongspanError } from "../errors/longspan-error.ts";
import { checkFileName } from "./file-name.ts";
import type { FileSet } from "./file-set.ts";
import { checkHttpOptions, type HttpSourceOptions } from "./http-options.ts";
import { httpUrl, lastSegment, urlForMessages } from "./http-url.ts";

/**
 * The files beside a URL: of `https://host/model/model.safetensors?revision=2`, `config.json` is `https://host/model/config.json?revision=2`. A URL that ends in a
 * slash is the folder itself.
 *
 * A sibling is missing where the server answers 404, 410, 403 (object stores answer so where they do not list their files) or, as servers of web applications do,
 * with an HTML page. The named file itself is never missing: its 403 is an error.
 */
export function httpFileSet(url: string | URL, options: HttpSourceOptions = {}): FileSet {
  checkHttpOptions(options, "httpFileSet");
  const base = httpUrl(url);
  const name = urlForMessages(new URL(".", base));
  const ownName = lastSegment(base);
  return {
    name,
    async resolve(fileName, { signal } = {}) {
      checkFileName(fileName, name);
      const address = new URL(encodeURIComponent(fileName), base);
      address.search = base.search;
      const { openHttpSource } = await import("./http-source.ts");
      try {
        const { source, contentType } = await openHttpSource(fileName === ownName ? base : address, options, signal);
        if (fileName === ownName || /\.html?$/i.test(fileName) || !/^\s*text\/html\b/i.test(contentType)) return source;
        await source.close();
        return undefined;
      } catch (error) {
        if (!LongspanError.isInstance(error)) throw error;
        if (error.code === "not-found" || (error.details.status === 403 && fileName !== ownName)) return undefined;
        throw error;
      }
    },
    async folder(folderName) {
      checkFileName(folderName, name);
      const address = new URL(`${encodeURIComponent(folderName)}/`, base);
      address.search = base.search;
      return httpFileSet(address, options);
    },
    parent() {
      const folder = new URL(".", base);
      const above = new URL("..", folder);
      above.search = base.search;
      return folder.pathname === above.pathname ? undefined : httpFileSet(above, options);
    },
  };
}
