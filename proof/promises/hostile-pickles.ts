// Pickles that would call whatever they name, if anybody carried them out: each opcode that looks up, calls or builds (Lib/pickletools.py), in each other's places.
import { array, type Arbitrary, constantFrom, integer, letrec, oneof, record, tuple as tupleOf } from "fast-check";

const utf8 = new TextEncoder();

/** Functions that do something, of Python's and of JavaScript's: nobody may look them up. */
const names = [
  ["os", "system"],
  ["posix", "system"],
  ["nt", "system"],
  ["subprocess", "Popen"],
  ["subprocess", "check_output"],
  ["builtins", "eval"],
  ["builtins", "exec"],
  ["builtins", "__import__"],
  ["builtins", "getattr"],
  ["builtins", "open"],
  ["__builtin__", "eval"],
  ["importlib", "import_module"],
  ["runpy", "run_path"],
  ["socket", "create_connection"],
  ["urllib.request", "urlopen"],
  ["shutil", "rmtree"],
  ["torch.hub", "load"],
  ["torch", "load"],
  ["numpy", "load"],
  ["torch._utils", "_rebuild_tensor_v2"],
  ["torch._utils", "_rebuild_parameter"],
  ["numpy.core.multiarray", "_reconstruct"],
  ["collections", "OrderedDict"],
  ["globalThis", "eval"],
  ["globalThis", "Function"],
  ["Function", "constructor"],
  ["process", "exit"],
  ["process", "binding"],
  ["child_process", "execSync"],
  ["node:child_process", "spawnSync"],
  ["fs", "writeFileSync"],
  ["__proto__", "constructor"],
  ["constructor", "constructor"],
  ["os", "__dict__.system"],
] as const;

/** What such functions would be given. */
const texts = [
  "touch /tmp/longspan-was-here",
  "require('child_process').execSync('touch /tmp/longspan-was-here')",
  "process.exit(3)",
  "import('node:fs').then((fs) => fs.writeFileSync('/tmp/longspan-was-here', ''))",
  "__import__('os').system('touch /tmp/longspan-was-here')",
  "http://127.0.0.1:1/x",
  "/etc/passwd",
  "../../../../tmp/longspan-was-here",
  "__proto__",
  "constructor",
  "toString",
  "then",
  "toJSON",
  "valueOf",
  "weight",
  "state_dict",
  "data",
  "",
] as const;

type Code = readonly number[];

const op = (letter: string): number => letter.codePointAt(0) ?? 0;
const [mark, stop] = [op("("), op(".")];

function text(value: string): Code {
  const bytes = [...utf8.encode(value)];
  return [op("X"), bytes.length & 0xff, bytes.length >> 8, 0, 0, ...bytes];
}

function line(value: string): Code {
  return [...utf8.encode(value), 10];
}

/** A pickle's opcodes that leave one value. */
const value: Arbitrary<Code> = letrec<{ value: Code; called: Code; global: Code; args: Code }>((tie) => ({
  global: oneof(
    constantFrom(...names).map(([module, name]) => [op("c"), ...line(module), ...line(name)]),
    constantFrom(...names).map(([module, name]) => [...text(module), ...text(name), 0x93]),
    integer({ min: 1, max: 255 }).map((code) => [0x82, code]),
  ),
  args: array(tie("value"), { maxLength: 3 }).map((items) => [mark, ...items.flat(), op("t")]),
  called: oneof(
    tupleOf(tie("global"), tie("args")).map(([global, args]) => [...global, ...args, op("R")]),
    tupleOf(tie("global"), tie("args")).map(([global, args]) => [...global, ...args, 0x81]),
    tupleOf(tie("global"), tie("args")).map(([global, args]) => [...global, ...args, op("}"), 0x92]),
    tupleOf(tie("global"), tie("value")).map(([global, item]) => [mark, ...global, ...item, op("o")]),
    tupleOf(constantFrom(...names), tie("value")).map(([[module, name], item]) => [mark, ...item, op("i"), ...line(module), ...line(name)]),
  ),
  value: oneof(
    { depthSize: "small", withCrossShrink: true },
    constantFrom(...texts).map(text),
    constantFrom<Code>([op("N")], [0x88], [0x89], [op("K"), 7], [op(")")], [op("}")], [op("]")]),
    tie("global"),
    tie("called"),
    tie("called"),
    tie("args"),
    tupleOf(tie("called"), tie("value")).map(([called, state]) => [...called, ...state, op("b")]),
    tupleOf(tie("called"), tie("value"), tie("value")).map(([called, key, item]) => [...called, ...key, ...item, op("s")]),
    tupleOf(tie("called"), tie("value")).map(([called, item]) => [...called, ...item, op("a")]),
    tupleOf(constantFrom(...texts), tie("value")).map(([key, item]) => [op("}"), ...text(key), ...item, op("s")]),
    tie("args").map((id) => [...id, op("Q")]),
    tie("value").map((item) => [...item, op("q"), 3, op("h"), 3, 0x86]),
  ),
})).value;

/** A tensor of six float32 in the storage "0", as torch pickles it. */
const tensor: Code = [
  [op("c"), ...line("torch._utils"), ...line("_rebuild_tensor_v2"), mark],
  [
    mark,
    ...text("storage"),
    op("c"),
    ...line("torch"),
    ...line("FloatStorage"),
    ...text("0"),
    ...text("cpu"),
    op("K"),
    6,
    op("t"),
    op("Q"),
  ],
  [op("K"), 0, op("K"), 2, op("K"), 3, 0x86, op("K"), 3, op("K"), 1, 0x86, 0x89, op("N"), op("t"), op("R")],
].flat();

/** Pickles of such values: alone, under a name, and beside a tensor that is whole. */
export const hostilePickles: Arbitrary<Uint8Array> = record({
  value,
  protocol: constantFrom(2, 4),
  form: constantFrom("alone", "named", "beside"),
}).map(({ value: code, protocol, form }) => {
  const beside = form === "beside" ? [...text("plain"), ...tensor, op("s")] : [];
  const whole = form === "alone" ? code : [op("}"), ...text("weight"), ...code, op("s"), ...beside];
  return Uint8Array.from([0x80, protocol, ...whole, stop]);
});
