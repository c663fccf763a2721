import { once } from "node:events";
import { createServer } from "node:net";

/** A port of this machine that nobody has now. */
export async function freePort(): Promise<number> {
  // Not of those that a system gives to whoever asks for any (32768 and above on Linux): another test may be given it before it is used.
  for (;;) {
    const port = 20_000 + Math.floor(10_000 * Math.random());
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("listening", () => resolve(true)).once("error", () => resolve(false));
      server.listen(port, "127.0.0.1");
    });
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
