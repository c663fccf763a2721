import type { ProgressEvent, ProgressListener } from "@longspan/core";
import { shownMessage } from "@longspan/core/adapter";
import type { OutputStream } from "../terminal.ts";

export interface ProgressDisplay {
  readonly onProgress: ProgressListener;
  /** Says how far many things are: on a terminal in the one line, elsewhere in a line of its own, now and again. */
  say(text: string): void;
  stop(): void;
}

/** Redrawing more often than this costs more than it tells. */
const redrawMilliseconds = 100;

/** Where nothing can be redrawn, so long between two lines. */
const lineMilliseconds = 30_000;

/** A terminal has one line that is redrawn, whoever has something to say. */
const displays = new WeakMap<OutputStream, Promise<ProgressDisplay>>();

/**
 * A line on stderr with what is done and the time left, one for a stream. Where stderr is no terminal, or one without a width (ora counts the
 * lines to clear by it, and with a width of 0 never ends), only waiting for a server is told, in lines of its own.
 */
export function progressDisplay(stream: OutputStream): Promise<ProgressDisplay> {
  const known = displays.get(stream) ?? (stream.isTTY === true && (stream.columns ?? 0) >= 1 ? spinnerOn(stream) : linesOn(stream));
  displays.set(stream, known);
  return known;
}

async function spinnerOn(stream: OutputStream): Promise<ProgressDisplay> {
  const [{ default: ora }, { default: prettyBytes }] = await Promise.all([import("ora"), import("pretty-bytes")]);
  const spinner = ora({ stream, discardStdin: false });
  let [stage, started, drawn] = ["", 0, 0];
  return {
    onProgress(event) {
      const now = performance.now();
      // Waiting is a part of what is being done.
      if (event.stage !== stage && event.stage !== "wait") [stage, started] = [event.stage, now];
      if (now - drawn < redrawMilliseconds && event.done < event.total) return;
      drawn = now;
      spinner.text = event.stage === "wait" ? describeWaiting(event) : describe(event, (now - started) / 1000, prettyBytes);
      if (!spinner.isSpinning) spinner.start();
    },
    say(text) {
      const now = performance.now();
      if (now - drawn < redrawMilliseconds) return;
      drawn = now;
      spinner.text = shownMessage(text);
      if (!spinner.isSpinning) spinner.start();
    },
    stop: () => spinner.stop(),
  };
}

async function linesOn(stream: OutputStream): Promise<ProgressDisplay> {
  let said = performance.now();
  return {
    onProgress(event) {
      // After 2 and 5 seconds, then now and again.
      const isDue = event.done === 2 || event.done === 5 || event.done % 10 === 0;
      if (event.stage === "wait" && isDue) stream.write(`${describeWaiting(event)}\n`);
    },
    say(text) {
      const now = performance.now();
      if (now - said < lineMilliseconds) return;
      said = now;
      stream.write(`${shownMessage(text)}\n`);
    },
    stop: () => {},
  };
}

function describeWaiting({ item, done, total }: ProgressEvent): string {
  return `waiting for ${item} … ${done} s of ${Math.ceil(total)}`;
}

function describe(event: ProgressEvent, seconds: number, prettyBytes: (bytes: number) => string): string {
  const amount = event.unit === "bytes" ? prettyBytes : String;
  const share = event.total === 0 ? 1 : event.done / event.total;
  const left = share > 0 ? (seconds * (1 - share)) / share : 0;
  return `${event.stage} ${Math.floor(share * 100)} %  ${amount(event.done)} of ${amount(event.total)}  ${left < 1 ? "" : `${Math.ceil(left)} s left  `}${shownMessage(event.item)}`;
}
