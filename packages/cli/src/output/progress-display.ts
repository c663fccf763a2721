import { shownMessage, type ProgressEvent, type ProgressListener } from "@longspan/core";
import type { OutputStream } from "../terminal.ts";

export interface ProgressDisplay {
  readonly onProgress: ProgressListener;
  stop(): void;
}

/** Redrawing more often than this costs more than it tells. */
const redrawMilliseconds = 100;

/**
 * A line on stderr with what is done and the time left; nothing at all when stderr is no terminal, or one without a width (ora counts
 * the lines to clear by it, and with a width of 0 never ends).
 */
export async function progressDisplay(stream: OutputStream): Promise<ProgressDisplay> {
  if (stream.isTTY !== true || stream.columns === undefined || stream.columns < 1) return { onProgress: () => {}, stop: () => {} };
  const [{ default: ora }, { default: prettyBytes }] = await Promise.all([import("ora"), import("pretty-bytes")]);
  const spinner = ora({ stream, discardStdin: false });
  const started = performance.now();
  let drawn = 0;
  return {
    onProgress(event) {
      const now = performance.now();
      if (now - drawn < redrawMilliseconds && event.done < event.total) return;
      drawn = now;
      spinner.text = describe(event, (now - started) / 1000, prettyBytes);
      if (!spinner.isSpinning) spinner.start();
    },
    stop: () => spinner.stop(),
  };
}

function describe(event: ProgressEvent, seconds: number, prettyBytes: (bytes: number) => string): string {
  const amount = event.unit === "bytes" ? prettyBytes : String;
  const share = event.total === 0 ? 1 : event.done / event.total;
  const left = share > 0 ? (seconds * (1 - share)) / share : 0;
  return `${event.stage} ${Math.floor(share * 100)} %  ${amount(event.done)} of ${amount(event.total)}  ${left < 1 ? "" : `${Math.ceil(left)} s left  `}${shownMessage(event.item)}`;
}
