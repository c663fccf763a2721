import { decodeUtf8 } from "../text/utf8.ts";
import type { Machine } from "./machine.ts";

// Arguments of fixed size are in memory when an opcode runs; the others say what they want and return undefined.

export function takeUint8(machine: Machine): number {
  const { window } = machine;
  return window.bytes[window.position++] as number;
}

export function takeUint16(machine: Machine): number {
  const { window } = machine;
  window.position += 2;
  return window.view.getUint16(window.position - 2, true);
}

export function takeInt32(machine: Machine): number {
  const { window } = machine;
  window.position += 4;
  return window.view.getInt32(window.position - 4, true);
}

export function takeUint32(machine: Machine): number {
  const { window } = machine;
  window.position += 4;
  return window.view.getUint32(window.position - 4, true);
}

/** Above 2^53 the result is rounded; it is then larger than any source all the same. */
export function takeUint64(machine: Machine): number {
  const low = takeUint32(machine);
  return takeUint32(machine) * 2 ** 32 + low;
}

/** The bytes up to the next newline, which is skipped; undefined where it is not in memory yet. */
export function takeLine(machine: Machine): Uint8Array | undefined {
  const { window } = machine;
  const { bytes, position } = window;
  const longest = position + machine.settings.limits.lineBytes;
  const end = Math.min(bytes.length, longest + 1);
  for (let index = position; index < end; index++) {
    if (bytes[index] === 0x0a) {
      window.position = index + 1;
      return bytes.subarray(position, index);
    }
  }
  if (end > longest) throw machine.exceeded("lineBytes");
  machine.wantLine();
  return undefined;
}

/** A line that must be UTF-8, such as the name of a class. */
export function takeTextLine(machine: Machine): string | undefined {
  const line = takeLine(machine);
  if (line === undefined) return undefined;
  const text = decodeUtf8(line);
  if (text === undefined) throw machine.error("pickle-literal", "A line is expected to be UTF-8, but is not");
  return text;
}
