import { type ByteSource, LongspanError } from "@longspan/core";

/** A source that is opened when it is first read: files of a folder can be looked at by name and size without fetching them. */
export function lazySource({ name, size }: Pick<ByteSource, "name" | "size">, open: () => Promise<ByteSource>): ByteSource {
  let opening: Promise<ByteSource> | undefined;
  let closed = false;
  return {
    name,
    size,
    async read(offset, length, options) {
      if (closed) throw new LongspanError("closed", `${name} has been closed.`, { details: { name } });
      opening ??= open();
      // A failed try is not kept: the next read tries again.
      const source = await opening.catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return source.read(offset, length, options);
    },
    async close() {
      closed = true;
      const source = await opening?.catch(() => undefined);
      await source?.close();
    },
  };
}
