import { createInterface } from "node:readline";

/** What a program that waits for its turn prints, on a line of its own, when it is ready. */
export const readyLine = "ready for its turn";

/**
 * Programs of the archive make ready side by side and are timed one after the other: with `--in-turn` a program says that it is ready and
 * waits for a line on its standard input.
 */
export async function waitForTurn(inTurn: boolean): Promise<void> {
  if (!inTurn) return;
  console.log(readyLine);
  const lines = createInterface({ input: process.stdin });
  await new Promise((resolve) => lines.once("line", resolve));
  lines.close();
  process.stdin.unref?.();
}
