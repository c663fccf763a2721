import type { Machine } from "./machine.ts";

/** One instruction of the pickle machine. */
export interface Opcode {
  /** The byte that stands for it. */
  readonly code: number;
  /** Its name in Python's `pickletools`. */
  readonly name: string;
  /** Bytes of its argument whose number is fixed; they are in memory when it runs. */
  readonly argument: number;
  /** Runs it. The window stands behind the code; what the opcode does not take of its argument is decoded as opcodes. */
  run(machine: Machine): void;
}
