import { assemble, lines, pickle, raw, text, u32, u64 } from "../assemble.ts";
import { accept, acceptJson, type HostileCase, reject } from "./hostile-case.ts";

const system = lines("GLOBAL", "os", "system");
const getattr = lines("GLOBAL", "__builtin__", "getattr");
const popen = lines("GLOBAL", "subprocess", "Popen");
const instance = assemble(lines("GLOBAL", "a", "B"), "EMPTY_TUPLE NEWOBJ");

/** Pickles that would run something. */
export const calls: Readonly<Record<string, readonly HostileCase[]>> = {
  "P1 a call of os.system": [
    acceptJson("GLOBAL and REDUCE", pickle(2, system, text("echo"), "TUPLE1 REDUCE"), { $class: "os.system", $args: ["echo"] }),
    acceptJson(
      "a class from the memo",
      pickle(2, system, "BINPUT", 0, text("a"), "TUPLE1 REDUCE BINGET", 0, text("b"), "TUPLE1 REDUCE TUPLE2"),
      [
        { $class: "os.system", $args: ["a"] },
        { $class: "os.system", $args: ["b"] },
      ],
    ),
  ],
  "P2 STACK_GLOBAL": [
    acceptJson(
      "names from the memo",
      pickle(4, text("os"), "MEMOIZE POP", text("system"), "MEMOIZE POP BINGET", 0, "BINGET", 1, "STACK_GLOBAL"),
      { $global: "os.system" },
    ),
    accept("names of Python 2 are not mapped", pickle(4, text("__builtin__"), text("eval"), "STACK_GLOBAL"), ({ value }) => value, {
      kind: "global",
      module: "__builtin__",
      name: "eval",
    }),
    reject("pickle-type", "a name that is no text", pickle(4, text("os"), "NONE STACK_GLOBAL")),
    reject("pickle-type", "a name that was left in the source", pickle(4, text("os"), text("x".repeat(70_000)), "STACK_GLOBAL")),
  ],
  "P3 INST and OBJ": [
    acceptJson("INST", pickle(0, "MARK", text("echo"), lines("INST", "os", "system")), { $class: "os.system", $args: ["echo"] }),
    acceptJson("OBJ", pickle(1, "MARK", system, text("echo"), "OBJ"), { $class: "os.system", $args: ["echo"] }),
    reject("pickle-stack", "OBJ without a class", pickle(1, "MARK OBJ")),
    reject("pickle-type", "OBJ of a number", pickle(1, "MARK BININT1", 1, "OBJ")),
    reject("pickle-stack", "INST without a mark", pickle(0, lines("INST", "os", "system"))),
  ],
  "P4 NEWOBJ_EX and BUILD": [
    acceptJson("NEWOBJ_EX", pickle(4, popen, text("ls"), "TUPLE1 TUPLE1 EMPTY_DICT", text("shell"), "NEWTRUE SETITEM NEWOBJ_EX"), {
      $class: "subprocess.Popen",
      $args: [["ls"]],
      $keywords: { shell: true },
    }),
    reject("pickle-type", "NEWOBJ_EX with a list of keywords", pickle(4, popen, "EMPTY_TUPLE EMPTY_LIST NEWOBJ_EX")),
    reject("pickle-type", "NEWOBJ_EX with a list of arguments", pickle(4, popen, "EMPTY_LIST EMPTY_DICT NEWOBJ_EX")),
    acceptJson(
      "BUILD with __setstate__ among the attributes",
      pickle(2, instance, "EMPTY_DICT", text("__setstate__"), system, "SETITEM BUILD"),
      { $class: "a.B", __setstate__: { $global: "os.system" } },
    ),
    acceptJson("BUILD with slots", pickle(2, instance, "NONE EMPTY_DICT", text("x"), "BININT1", 1, "SETITEM TUPLE2 BUILD"), {
      $class: "a.B",
      x: 1,
    }),
    accept(
      "BUILD several times keeps every state",
      pickle(2, instance, "BININT1", 1, "BUILD BININT1", 2, "BUILD BININT1", 3, "BUILD"),
      ({ value }) => value,
      expectObject({ made: "newobj", state: 3, earlierStates: [1, 2] }),
    ),
  ],
  "P5 dotted names": [
    accept("stay one name", pickle(4, text("builtins"), text("object.__subclasses__"), "STACK_GLOBAL"), ({ value }) => value, {
      kind: "global",
      module: "builtins",
      name: "object.__subclasses__",
    }),
    acceptJson(
      "getattr of getattr",
      pickle(2, getattr, getattr, lines("GLOBAL", "os", "path"), text("os"), "TUPLE2 REDUCE", text("system"), "TUPLE2 REDUCE"),
      { $class: "builtins.getattr", $args: [{ $class: "builtins.getattr", $args: [{ $global: "os.path" }, "os"] }, "system"] },
    ),
    acceptJson(
      "a call of what a call returned",
      pickle(2, getattr, text("os"), text("system"), "TUPLE2 REDUCE", text("ls"), "TUPLE1 REDUCE"),
      { $class: "builtins.getattr('os', 'system')", $args: ["ls"] },
    ),
  ],
  "P6 extension codes and buffers": [
    reject("pickle-unsupported", "EXT1", pickle(2, "EXT1", 1)),
    reject("pickle-unsupported", "EXT2", pickle(2, "EXT2", 1, 0)),
    reject("pickle-unsupported", "EXT4", pickle(2, "EXT4", u32(1))),
    reject("pickle-unsupported", "NEXT_BUFFER", pickle(5, "NEXT_BUFFER")),
    reject("pickle-unsupported", "READONLY_BUFFER", pickle(5, "BYTEARRAY8", u64(0n), "READONLY_BUFFER")),
  ],
  "P7 builtins.eval": [
    acceptJson("is a node like another", pickle(2, lines("GLOBAL", "__builtin__", "eval"), text("__import__('os')"), "TUPLE1 REDUCE"), {
      $class: "builtins.eval",
      $args: ["__import__('os')"],
    }),
  ],
  "P8 a call before a broken tail": [
    reject("pickle-truncated", "cut off", assemble("PROTO", 2, system, text("echo"), "TUPLE1 REDUCE POP BINUNICODE", u32(99))),
    reject("pickle-opcode", "an unknown opcode", pickle(2, system, text("echo"), "TUPLE1 REDUCE POP", raw("\xff"))),
  ],
};

/** The node of `a.B` with the fields given. */
function expectObject(fields: object): object {
  return { kind: "object", callable: { kind: "global", module: "a", name: "B" }, args: [], ...fields };
}
