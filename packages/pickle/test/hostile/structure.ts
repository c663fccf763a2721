import { asList, asTuple, describe } from "../../src/index.ts";
import { opcodeTable } from "../../src/reading/opcode-table.ts";
import { assemble, lines, pickle, raw, repeat, text, u32, u64 } from "../assemble.ts";
import { accept, type HostileCase, reject } from "./hostile-case.ts";

const instance = assemble(lines("GLOBAL", "a", "B"), "EMPTY_TUPLE REDUCE");
const last = 2 ** 32 - 1;

/** Opcodes that take a value or a mark from the stack. */
const needsStack =
  "STOP POP POP_MARK DUP BINPUT LONG_BINPUT MEMOIZE PUT TUPLE TUPLE1 TUPLE2 TUPLE3 LIST DICT APPEND APPENDS SETITEM SETITEMS FROZENSET ADDITEMS STACK_GLOBAL REDUCE NEWOBJ NEWOBJ_EX INST OBJ BUILD BINPERSID";
/** Those of them for which a mark with nothing above it is not what is missing. */
const takesMark = "POP POP_MARK TUPLE LIST DICT FROZENSET INST APPENDS SETITEMS ADDITEMS";

function underflows(): HostileCase[] {
  return needsStack.split(" ").flatMap((name) => {
    const argument = opcodeTable.find((opcode) => opcode?.name === name)?.argument ?? 0;
    const opcode = assemble(name, repeat(argument, 0), raw("0\n0\n"));
    const onEmpty = reject("pickle-stack", `${name} on an empty stack`, pickle(5, opcode));
    return takesMark.split(" ").includes(name)
      ? [onEmpty]
      : [onEmpty, reject("pickle-stack", `${name} on a mark`, pickle(5, "NONE NONE NONE MARK", opcode))];
  });
}

/** Pickles that are broken, endless or too deep. */
export const structure: Readonly<Record<string, readonly HostileCase[]>> = {
  "P9 bytes behind STOP": [
    accept("are not looked at", assemble(pickle(2, "NONE"), lines("GLOBAL", "os", "system"), 0xff), ({ value, end }) => [value, end], [
      null,
      4,
    ]),
    accept("another pickle", assemble(pickle(2, "NONE"), pickle(4, "NEWTRUE")), ({ end }) => end, 4),
  ],
  "P10 the frame of a pickle": [
    reject("pickle-truncated", "an empty file", new Uint8Array(0)),
    reject("pickle-truncated", "no STOP", assemble("PROTO", 2, "NONE")),
    reject("pickle-stack", "STOP with nothing to return", pickle(2)),
    reject("pickle-stack", "STOP at a mark", pickle(2, "NONE MARK")),
    reject("pickle-unsupported", "protocol 6", pickle(6, "NONE")),
    reject("pickle-unsupported", "protocol 255", pickle(255, "NONE")),
    accept("PROTO twice, as CPython takes it", pickle(2, "NONE PROTO", 4), ({ protocol }) => protocol, 4),
    reject("pickle-unsupported", "protocol 6 on the way", pickle(2, "NONE PROTO", 6)),
    reject("pickle-opcode", "a web page", raw("<!DOCTYPE html><html>")),
    reject("pickle-opcode", "a pointer of Git LFS", raw("version https://git-lfs.github.com/spec/v1\n")),
    reject("pickle-opcode", "a zip archive", raw("PK\u0003\u0004\n\u0000.")),
    reject("pickle-opcode", "zeros", new Uint8Array(100)),
  ],
  "P11 the stack and the memo": [
    ...underflows(),
    reject("pickle-memo", "GET of nothing", pickle(0, lines("GET", "5"))),
    reject("pickle-memo", "BINGET of nothing", pickle(1, "BINGET", 5)),
    reject("pickle-memo", "BINGET of a gap", pickle(1, "NONE BINPUT", 5, "BINGET", 3)),
    reject("pickle-memo", "LONG_BINGET of nothing", pickle(1, "LONG_BINGET", u32(last))),
    accept(
      "LONG_BINPUT of the last index",
      pickle(1, "EMPTY_LIST LONG_BINPUT", u32(last), "POP LONG_BINGET", u32(last)),
      ({ value }) => asList(value),
      [],
    ),
    reject("pickle-literal", "PUT of a negative index", pickle(0, "NONE", lines("PUT", "-1"))),
    reject("pickle-literal", "PUT of a word", pickle(0, "NONE", lines("PUT", "x"))),
    reject("pickle-literal", "PUT of an index beyond 2^53", pickle(0, "NONE", lines("PUT", "99999999999999999999"))),
    reject("pickle-stack", "200 000 marks", pickle(2, repeat(200_000, "MARK"))),
    accept(
      "200 000 marks, closed again",
      pickle(2, repeat(200_000, "MARK"), repeat(200_000, "TUPLE")),
      ({ value }) => asTuple(value)?.length,
      1,
    ),
    accept(
      "500 000 tuples inside of one another",
      pickle(2, "EMPTY_TUPLE", repeat(500_000, "TUPLE1")),
      ({ value }) => asTuple(value)?.length,
      1,
    ),
    accept(
      "100 000 lists inside of one another",
      pickle(2, repeat(100_000, "EMPTY_LIST"), repeat(99_999, "APPEND")),
      ({ value }) => asList(value)?.length,
      1,
    ),
    accept(
      "100 000 states of states",
      pickle(2, repeat(100_000, instance), repeat(99_999, "BUILD")),
      ({ value }) => describe(value).length,
      120,
    ),
    accept(
      "100 000 calls of what a call returned",
      pickle(2, instance, repeat(100_000, "EMPTY_TUPLE REDUCE")),
      ({ value }) => describe(value).length,
      1,
    ),
  ],
  limits: [
    reject("pickle-limit", "marks", pickle(2, repeat(2000, "MARK")), { stackDepth: 1000 }),
    reject("pickle-limit", "values on the stack", pickle(2, repeat(2000, "NONE")), { stackDepth: 1000 }),
    reject("pickle-limit", "opcodes", pickle(2, repeat(2000, "NONE POP"), "NONE"), { operations: 1000 }),
    reject("pickle-limit", "nodes", pickle(2, repeat(2000, "EMPTY_DICT POP"), "NONE"), { nodes: 1000 }),
    reject("pickle-limit", "entries of a dict", pickle(2, "EMPTY_DICT MARK", repeat(2000, "NONE"), "SETITEMS"), { nodes: 900 }),
    reject("pickle-limit", "memo entries", pickle(4, "NONE", repeat(2000, "MEMOIZE")), { memoEntries: 1000 }),
    reject("pickle-limit", "text", pickle(2, repeat(20, text("x".repeat(100)), "POP"), "NONE"), { textBytes: 1000 }),
    reject("pickle-limit", "bytes", pickle(4, repeat(20, "SHORT_BINBYTES", 100, repeat(100, 0), "POP"), "NONE"), { inlineBytes: 1000 }),
    reject("pickle-limit", "a line", pickle(0, lines("STRING", `'${"x".repeat(2000)}'`)), { lineBytes: 1000 }),
    reject("pickle-limit", "a limit that is no number", pickle(2, "NONE"), { nodes: Number.NaN }),
  ],
  "P12 lengths that lie": [
    ...["BINBYTES8", "BINUNICODE8", "BYTEARRAY8", "FRAME"].flatMap((name) => [
      reject("pickle-truncated", `${name} of 2^63 bytes`, pickle(4, name, u64(2n ** 63n), "NONE")),
      reject("pickle-truncated", `${name} of 2^64 - 1 bytes`, pickle(4, name, u64(2n ** 64n - 1n), "NONE")),
      reject("pickle-truncated", `${name} of one byte too many`, pickle(4, name, u64(3n), "NONE")),
    ]),
    ...["BINBYTES", "BINUNICODE", "BINSTRING"].map((name) =>
      reject("pickle-truncated", `${name} of 2^32 - 1 bytes`, pickle(4, name, u32(last), "NONE")),
    ),
    ...["SHORT_BINBYTES", "SHORT_BINUNICODE", "SHORT_BINSTRING", "LONG1"].map((name) =>
      reject("pickle-truncated", `${name} of 255 bytes`, pickle(4, name, 255, "NONE")),
    ),
    reject("pickle-literal", "LONG4 of -1 bytes", pickle(2, "LONG4", u32(last))),
    reject("pickle-truncated", "LONG4 of 2^31 - 1 bytes", pickle(2, "LONG4", u32(2 ** 31 - 1))),
    reject("pickle-limit", "LONG4 longer than the limit", pickle(2, "LONG4", u32(10_000), new Uint8Array(10_000))),
    reject("pickle-limit", "LONG of more digits than the limit", pickle(0, lines("LONG", `${"9".repeat(100_000)}L`))),
    reject("pickle-limit", "INT of more digits than the limit", pickle(0, lines("INT", "9".repeat(100_000)))),
    reject("pickle-truncated", "a line without an end", assemble("STRING", raw(`'${"x".repeat(2000)}'`))),
    reject("pickle-truncated", "a name without an end", assemble("GLOBAL", raw("os\nsystem"))),
    accept("a frame that an opcode crosses", pickle(4, "FRAME", u64(2n), text("abcdef")), ({ value }) => value, "abcdef"),
  ],
};
