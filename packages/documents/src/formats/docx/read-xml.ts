import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import type { ZipArchive } from "../../bytes/zip-archive.ts";

/** Told of a part's elements as they come. */
export interface XmlListener {
  open?(element: string, attributes: Readonly<Record<string, string>>): void;
  close?(element: string): void;
  text?(text: string): void;
}

/** Word nests some ten elements in each table of a table. */
const maxDepth = 2000;

/**
 * Reads a part of an archive as XML. Entities are XML's five and numbers; those that a document type declares are not looked up.
 * @returns whether the archive has such a part
 * @throws LongspanError `malformed`, `limit-exceeded`, `aborted`.
 */
export async function readXml(
  archive: ZipArchive,
  part: string,
  listener: XmlListener,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const { Parser } = await import("htmlparser2");
  let [depth, elements] = [0, 0];
  let isEnded = false;
  const parser = new Parser(
    {
      onopentag(element, attributes) {
        elements++;
        if (++depth > maxDepth) throw malformed(name, part, `has more than ${maxDepth} elements in one another`);
        listener.open?.(element, attributes);
      },
      onclosetag(element, isImplied) {
        depth--;
        // An element that closes itself is closed by itself; one that the end closes is not.
        if (isImplied && isEnded) throw malformed(name, part, `ends within ${element}`);
        listener.close?.(element);
      },
      ontext: (text) => listener.text?.(text),
    },
    { xmlMode: true, decodeEntities: true },
  );
  const isThere = await archive.readText(
    part,
    (text) => {
      throwIfAborted(signal);
      parser.write(text);
    },
    signal,
  );
  isEnded = true;
  parser.end();
  if (isThere && elements === 0) throw malformed(name, part, "holds no XML");
  return isThere;
}

function malformed(name: string, part: string, problem: string): LongspanError {
  return new LongspanError("malformed", `${name}: its ${part} ${problem}. Open it and save it anew.`, { details: { name, part } });
}
