import { asDict, asList, asTuple, inertJson, PickleDict, type PickleReading } from "../../src/index.ts";
import { assemble, lines, pickle, raw, repeat, text, u32, u64 } from "../assemble.ts";
import { accept, acceptJson, type HostileCase, reject } from "./hostile-case.ts";

const klass = lines("GLOBAL", "a", "B");
const instance = assemble(klass, "EMPTY_TUPLE REDUCE");
const nan = assemble("BINFLOAT", 0x7f, 0xf8, repeat(6, 0));
const prototypeNames = ["__proto__", "constructor", "toString", "__defineGetter__", ""];
const manyKeys = assemble(...Array.from({ length: 100_000 }, (_, index) => assemble("BININT", u32(index), "NONE")));
const dictSize = ({ value }: PickleReading): unknown => asDict(value)?.size;

/** Pickles whose values are strange. */
export const contents: Readonly<Record<string, readonly HostileCase[]>> = {
  "P13 sharing": [
    accept(
      "2^1000 leaves",
      pickle(2, "EMPTY_LIST", repeat(1000, "DUP TUPLE2")),
      ({ value }) => asTuple(value)?.[0] === asTuple(value)?.[1],
      true,
    ),
    accept("2^1000 leaves as a key", pickle(2, "EMPTY_DICT EMPTY_TUPLE", repeat(1000, "DUP TUPLE2"), "NONE SETITEM"), dictSize, 1),
    accept(
      "100 000 tuples inside of one another as a key",
      pickle(2, "EMPTY_DICT EMPTY_TUPLE", repeat(100_000, "TUPLE1"), "NONE SETITEM"),
      dictSize,
      1,
    ),
    accept("a list that contains itself", pickle(2, "EMPTY_LIST DUP APPEND"), ({ value }) => asList(value)?.[0] === value, true),
    accept(
      "a dict that contains itself",
      pickle(2, "EMPTY_DICT BINPUT", 0, text("self"), "BINGET", 0, "SETITEM"),
      ({ value }) => asDict(value)?.get("self") === value,
      true,
    ),
    acceptJson("an object whose state is itself", pickle(2, instance, "DUP BUILD"), { $class: "a.B", $state: { $cycle: "object" } }),
    reject(
      "pickle-type",
      "a tuple key that contains itself through a list",
      pickle(2, "EMPTY_DICT EMPTY_LIST BINPUT", 0, "TUPLE1 BINPUT", 1, "BINGET", 0, "BINGET", 1, "APPEND POP NONE SETITEM"),
    ),
  ],
  "P14 keys": [
    accept(
      "names that JavaScript's objects have",
      pickle(2, "EMPTY_DICT MARK", ...prototypeNames.flatMap((key) => [text(key), text(key)]), "SETITEMS"),
      ({ value }) => {
        const json = inertJson(value) ?? {};
        return [asDict(value)?.entries, Object.entries(json), Object.getPrototypeOf(json) === Object.prototype];
      },
      [prototypeNames.map((key) => [key, key]), prototypeNames.map((key) => [key, key]), true],
    ),
    accept(
      "1, '1', 1.0, True",
      pickle(
        2,
        "EMPTY_DICT MARK BININT1",
        1,
        text("int"),
        text("1"),
        text("text"),
        "BINFLOAT",
        0x3f,
        0xf0,
        repeat(6, 0),
        text("float"),
        "NEWTRUE",
        text("true"),
        "SETITEMS",
      ),
      ({ value }) => asDict(value)?.entries,
      [
        [1, "true"],
        ["1", "text"],
      ],
    ),
    accept(
      "tuples, classes, None, bytes",
      pickle(
        4,
        "EMPTY_DICT MARK BININT1",
        1,
        text("a"),
        "TUPLE2 NONE",
        klass,
        "NONE NONE NONE SHORT_BINBYTES",
        1,
        65,
        "NONE",
        text("A"),
        "NONE SETITEMS",
      ),
      ({ value }) => {
        const dict = asDict(value) ?? new PickleDict();
        const bytes = dict.has({ kind: "bytes", byteLength: 1, data: raw("A"), mutable: false });
        return [dict.size, bytes, dict.has({ kind: "tuple", items: [1, "a"] }), dict.has({ kind: "tuple", items: ["1", "a"] })];
      },
      [5, true, true, false],
    ),
    accept("NaN is never equal", pickle(2, "EMPTY_DICT MARK", nan, "NONE", nan, "NONE SETITEMS"), dictSize, 2),
    accept("the same key 100 000 times", pickle(2, "EMPTY_DICT MARK", repeat(100_000, text("key"), "NONE"), "SETITEMS"), dictSize, 1),
    accept("100 000 keys", pickle(2, "EMPTY_DICT MARK", manyKeys, "SETITEMS"), dictSize, 100_000),
    accept(
      "the same long tuple 100 000 times",
      pickle(
        2,
        "MARK",
        repeat(100_000, "BININT1", 1),
        "TUPLE BINPUT",
        0,
        "POP EMPTY_DICT MARK",
        repeat(100_000, "BINGET", 0, "NONE"),
        "SETITEMS",
      ),
      dictSize,
      1,
    ),
    accept(
      "a lone surrogate, NUL",
      pickle(2, "EMPTY_DICT BINUNICODE", u32(3), 0xed, 0xa0, 0x80, text("\0"), "SETITEM"),
      ({ value }) => asDict(value)?.get("\ud800"),
      "\0",
    ),
    accept(
      "a text of 1 MB stays in the source",
      pickle(2, "EMPTY_DICT", text("x".repeat(1 << 20)), "NONE SETITEM"),
      ({ value }) => asDict(value)?.entries,
      [[{ kind: "text", offset: 8, byteLength: 1 << 20 }, null]],
    ),
    reject("pickle-type", "a list as a key", pickle(2, "EMPTY_DICT EMPTY_LIST NONE SETITEM")),
    reject("pickle-type", "a dict in a tuple as a key", pickle(2, "EMPTY_DICT EMPTY_DICT TUPLE1 NONE SETITEM")),
    reject("pickle-type", "a bytearray as a key", pickle(5, "EMPTY_DICT BYTEARRAY8", u64(0n), "NONE SETITEM")),
    reject("pickle-type", "a set in a set", pickle(4, "EMPTY_SET MARK EMPTY_SET ADDITEMS")),
    reject("pickle-literal", "text that is not UTF-8", pickle(2, "BINUNICODE", u32(1), 0xff)),
    reject("pickle-literal", "long text that is not UTF-8", pickle(2, "BINUNICODE", u32(100), repeat(100, 0xff))),
    reject("pickle-literal", "half a surrogate", pickle(2, "BINUNICODE", u32(2), 0xed, 0xa0)),
    reject("pickle-literal", "overlong UTF-8", pickle(2, "BINUNICODE", u32(2), 0xc0, 0x80)),
    reject("pickle-literal", "a name that is not UTF-8", pickle(0, "GLOBAL", 0xff, 10, 65, 10)),
  ],
  "P15 numbers": [
    accept("LONG1 of -1", pickle(2, "LONG1", 1, 0xff), ({ value }) => value, -1),
    accept("LONG1 of -2^40", pickle(2, "LONG1", 6, repeat(5, 0), 0xff), ({ value }) => value, -(2 ** 40)),
    accept("LONG1 of 2^53 + 1", pickle(2, "LONG1", 7, 1, repeat(5, 0), 0x20), ({ value }) => value, 2n ** 53n + 1n),
    accept("LONG1 of 2^70", pickle(2, "LONG1", 9, repeat(8, 0), 0x40), ({ value }) => value, 2n ** 70n),
    acceptJson(
      "NaN and infinities in JSON",
      pickle(0, "MARK", lines("FLOAT", "nan"), lines("FLOAT", "inf"), lines("FLOAT", "-inf"), "TUPLE"),
      ["NaN", "Infinity", "-Infinity"],
    ),
    reject("pickle-literal", "INT of a word", pickle(0, lines("INT", "ten"))),
    reject("pickle-literal", "INT of a fraction", pickle(0, lines("INT", "1.5"))),
    reject("pickle-literal", "INT with a leading zero", pickle(0, lines("INT", "012"))),
    reject("pickle-literal", "LONG of nothing", pickle(0, lines("LONG", "L"))),
    reject("pickle-literal", "FLOAT of a word", pickle(0, lines("FLOAT", "ten"))),
    reject("pickle-literal", "FLOAT in hexadecimal", pickle(0, lines("FLOAT", "0x10"))),
    reject("pickle-literal", "STRING without quotes", pickle(0, lines("STRING", "abc"))),
    reject("pickle-literal", "STRING of one quote", pickle(0, lines("STRING", "'"))),
    reject("pickle-literal", "STRING of two different quotes", pickle(0, lines("STRING", "'a\""))),
    reject("pickle-literal", "STRING with a broken escape", pickle(0, lines("STRING", "'\\x4'"))),
    reject("pickle-literal", "STRING that ends in a backslash", pickle(0, lines("STRING", "'\\'"))),
    reject("pickle-literal", "UNICODE with a broken escape", pickle(0, lines("UNICODE", "\\u12"))),
    reject("pickle-literal", "UNICODE beyond U+10FFFF", pickle(0, lines("UNICODE", "\\U00110000"))),
  ],
  "P16 filling the wrong thing": [
    reject("pickle-type", "SETITEM on a list", pickle(2, "EMPTY_LIST NONE NONE SETITEM")),
    reject("pickle-type", "SETITEMS on a tuple", pickle(2, "EMPTY_TUPLE MARK NONE NONE SETITEMS")),
    reject("pickle-type", "SETITEMS on a persistent id", pickle(2, "NONE BINPERSID MARK NONE NONE SETITEMS")),
    reject("pickle-stack", "SETITEMS of an odd number", pickle(2, "EMPTY_DICT MARK NONE NONE NONE SETITEMS")),
    reject("pickle-stack", "DICT of an odd number", pickle(0, "MARK NONE DICT")),
    reject("pickle-type", "APPEND to a dict", pickle(2, "EMPTY_DICT NONE APPEND")),
    reject("pickle-type", "APPENDS to a dict", pickle(2, "EMPTY_DICT MARK NONE APPENDS")),
    reject("pickle-type", "APPENDS to a class", pickle(2, klass, "MARK NONE APPENDS")),
    reject("pickle-type", "ADDITEMS to a frozenset", pickle(4, "MARK FROZENSET MARK NONE ADDITEMS")),
    reject("pickle-type", "ADDITEMS to a list", pickle(4, "EMPTY_LIST MARK NONE ADDITEMS")),
    reject("pickle-type", "BUILD on text", pickle(2, text("a"), "EMPTY_DICT BUILD")),
    reject("pickle-type", "BUILD on a list", pickle(2, "EMPTY_LIST EMPTY_DICT BUILD")),
    reject("pickle-type", "BUILD on a class", pickle(2, klass, "EMPTY_DICT BUILD")),
    reject("pickle-type", "BUILD on None", pickle(2, "NONE EMPTY_DICT BUILD")),
    reject("pickle-type", "REDUCE of text", pickle(2, text("os.system"), "EMPTY_TUPLE REDUCE")),
    reject("pickle-type", "REDUCE with a list of arguments", pickle(2, klass, "EMPTY_LIST REDUCE")),
    reject("pickle-type", "REDUCE with None", pickle(2, klass, "NONE REDUCE")),
    reject("pickle-type", "NEWOBJ of None", pickle(2, "NONE EMPTY_TUPLE NEWOBJ")),
    acceptJson(
      "SETITEMS and APPEND on what a call made",
      pickle(2, instance, "MARK BININT1", 1, "BININT1", 2, "SETITEMS BININT1", 3, "APPEND"),
      { $class: "a.B", $items: [3], $entries: { $dict: [[1, 2]] } },
    ),
    accept(
      "BUILD on a dict",
      pickle(2, "EMPTY_DICT BININT1", 1, "BUILD BININT1", 2, "BUILD"),
      ({ value }) => [asDict(value)?.state, asDict(value)?.earlierStates],
      [2, [1]],
    ),
  ],
  "P17 persistent ids": [
    acceptJson("a text, as PERSID has it", pickle(0, lines("PERSID", "some id")), { $persistentId: "some id" }),
    acceptJson("a number", pickle(2, "BININT1", 7, "BINPERSID"), { $persistentId: 7 }),
    acceptJson("an empty tuple", pickle(2, "EMPTY_TUPLE BINPERSID"), { $persistentId: [] }),
    acceptJson("a list, which is not hashable", pickle(2, "EMPTY_LIST BINPERSID"), { $persistentId: [] }),
    acceptJson("something other than a storage", pickle(2, text("module"), klass, text("source"), "TUPLE3 BINPERSID"), {
      $persistentId: ["module", { $global: "a.B" }, "source"],
    }),
    accept("a huge count", pickle(2, "LONG1", 9, repeat(8, 0xff), 0, "TUPLE1 BINPERSID"), ({ value }) => value, {
      kind: "persistent-id",
      id: { kind: "tuple", items: [2n ** 64n - 1n] },
    }),
  ],
  "P18 legal though strange": [
    accept(
      "keys of Python 2",
      pickle(
        2,
        "EMPTY_DICT MARK SHORT_BINSTRING",
        6,
        raw("weight"),
        "BININT1",
        1,
        "SHORT_BINSTRING",
        2,
        raw("\xc3\xa9"),
        "BININT1",
        2,
        "SETITEMS",
      ),
      ({ value }) => asDict(value)?.entries,
      [
        ["weight", 1],
        [{ kind: "bytes", byteLength: 2, data: raw("\xc3\xa9"), mutable: false, pythonTwoString: true }, 2],
      ],
    ),
    accept("no PROTO", pickle(0, "EMPTY_DICT"), ({ protocol }) => protocol, 0),
    accept("values left on the stack", pickle(2, "NONE MARK NEWTRUE"), ({ value }) => value, true),
  ],
};
