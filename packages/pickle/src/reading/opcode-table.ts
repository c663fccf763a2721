import { collectionOpcodes } from "./collection-opcodes.ts";
import type { Opcode } from "./machine.ts";
import { controlOpcodes } from "./control-opcodes.ts";
import { numberOpcodes } from "./number-opcodes.ts";
import { objectOpcodes } from "./object-opcodes.ts";
import { payloadOpcodes } from "./payload-opcodes.ts";

/** All opcodes of protocols 0 to 5 at the place of their code, as in Python's `pickletools`; undefined where there is none. */
export const opcodeTable: readonly (Opcode | undefined)[] = /*#__PURE__*/ buildTable();

function buildTable(): readonly (Opcode | undefined)[] {
  const table: (Opcode | undefined)[] = Array.from({ length: 256 });
  for (const opcode of [...controlOpcodes, ...numberOpcodes, ...payloadOpcodes, ...collectionOpcodes, ...objectOpcodes])
    table[opcode.code] = opcode;
  return table;
}
