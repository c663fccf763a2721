import { PickleError } from "../errors.ts";
import type { PickleInput } from "../values.ts";
import { Encoder } from "./encoder.ts";
import { Lowering, type WrittenProtocol } from "./lowering.ts";
import { opcodes } from "./opcodes.ts";
import { Output, type PickleSegment } from "./output.ts";
import { findShared } from "./sharing.ts";

/** How to write a pickle. */
export interface WritePickleOptions {
  /**
   * 2: only the opcodes that torch's `weights_only` unpickler takes; bytes become `_codecs.encode(text, "latin1")`.
   * 4: for Paddle and everything that has Python 3.4 or later; bytes are stored as they are and can be streamed.
   */
  readonly protocol: WrittenProtocol;
}

/**
 * Writes a value as a pickle that stands for the same Python value. Nodes, strings and classes that occur more than once
 * are written once and referred to. Numbers that are safe integers become ints, all others floats. No frames (PEP 3154
 * makes them optional).
 *
 * @returns The bytes in file order, and among them each {@link PicklePayload} where its bytes belong. Large `Uint8Array`s
 * of the value are segments as they are, uncopied.
 * @throws PickleError `pickle-unsupported` for what the protocol cannot spell, `pickle-unread` for bytes or text that
 * were left in a source, `pickle-cycle` for a tuple, frozenset, argument or id that contains itself, `pickle-type` for
 * what is no {@link PickleInput}.
 */
export function writePickle(value: PickleInput, options: WritePickleOptions): PickleSegment[] {
  const { protocol } = options;
  if (protocol !== 2 && protocol !== 4)
    throw new PickleError("pickle-unsupported", `Protocols 2 and 4 can be written, not ${String(protocol)}`);
  const lowering = new Lowering(protocol);
  const output = new Output();
  output.uint8(opcodes.PROTO);
  output.uint8(protocol);
  new Encoder(output, protocol, lowering, findShared(value, lowering)).encode(value);
  output.uint8(opcodes.STOP);
  return output.finish();
}
