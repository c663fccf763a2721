// Why one of two readers loads a file that the other refuses. What matches none of these is a failure.
import type { FrameworkName } from "./framework.ts";

interface Reason {
  readonly frameworks: readonly FrameworkName[];
  /** What the other says. */
  readonly says: RegExp;
  readonly because: string;
}

/** Only ours loads: by what the framework says. */
export const onlyOurs: readonly Reason[] = [
  {
    frameworks: ["torch"],
    says: /^UnpicklingError: Weights only load failed/,
    because: "a class, a call or an opcode that weights_only does not allow; for us it is inert, and the tensors do not depend on it",
  },
  {
    frameworks: ["torch"],
    says: /^TypeError: set_\(\) received an invalid/,
    because: "a tensor's state of old versions, which weights_only does not read; torch.load without it does",
  },
  {
    frameworks: ["torch"],
    says: /^(RuntimeError: (PytorchStreamReader failed|record size)|ValueError: invalid literal for int)/,
    because: "an entry of the archive or a storage that no tensor needs",
  },
  {
    frameworks: ["torch", "paddle"],
    says: /^(TypeError|AttributeError: '\w+' object has no|ValueError: (too many|not enough) values to unpack|ValueError: `paddle.load` can not parse)/,
    because: "a value that Python cannot make; for us it is inert, and the tensors do not depend on it",
  },
  {
    frameworks: ["torch", "paddle"],
    says: /^UnicodeDecodeError/,
    because: "text that is none: a tensor under such a name is left out",
  },
  {
    frameworks: ["paddle"],
    says: /^KeyError/,
    because: "a table of names that names what is not there; a warning says so",
  },
  {
    frameworks: ["paddle"],
    says: /^ValueError: (endian is not a string|buffer size does not match)/,
    because: "an array under a key that is no text: it is no parameter, and is not looked into",
  },
  {
    frameworks: ["onnx"],
    says: /^(DecodeError|ValueError: invalid literal for int)/,
    because: "damage in messages that are passed over, or in the text of an offset",
  },
  {
    frameworks: ["paddle"],
    says: /^PermissionError: not (looked up|compiled|done)/,
    because: "it names what this comparison lets no framework look up; for us it is inert, and the tensors do not depend on it",
  },
  {
    frameworks: ["paddle"],
    says: /^(AttributeError: Can't get attribute|ModuleNotFoundError)/,
    because: "a class that is not there; for us it is inert, and the tensors do not depend on it",
  },
];

/** Only theirs loads: by our code and message. */
export const onlyTheirs: readonly Reason[] = [
  {
    frameworks: ["torch", "safetensors", "paddle"],
    says: /^(unsupported|tensor-invalid): .*(which Longspan does not have|of complex numbers)/s,
    because: "a type that Longspan does not have",
  },
  {
    frameworks: ["safetensors"],
    says: /^malformed: .*numbers beyond 2\^53/s,
    because: "a size beyond 2^53 beside a size of 0: JavaScript's numbers are not exact there",
  },
  {
    frameworks: ["torch"],
    says: /^unsupported: .*(it is marked '|it is a quantised tensor|it is a sparse tensor)/s,
    because: "a kind of tensor that is to be made plain before it is saved",
  },
  {
    frameworks: ["torch", "paddle"],
    says: /^(unsupported|tensor-invalid): .*nothing in a pickle is carried out/s,
    because: "values that the pickle changes after they were built, and nothing in a pickle is carried out",
  },
  {
    frameworks: ["torch"],
    says: /^(malformed|unsupported): .*(one of several disks|the local header and the central directory have different|the zip64|end record|does not end where its end records begin|has a NUL|overlap|an empty segment)/s,
    because: "an archive whose parts disagree: which of them is believed would decide what is read",
  },
  {
    frameworks: ["torch"],
    says: /^malformed: .*have the checksum/s,
    because: "bytes that changed after they were written; torch does not look",
  },
  {
    frameworks: ["torch"],
    says: /^tensor-invalid: .*(its metadata is|its (strides|size|offset) has|is not in the file's list|is stated as|and its tensors expect)/s,
    because: "parts that contradict each other, or that torch's own writer never writes: torch takes the first, or memory as it was",
  },
  {
    frameworks: ["torch", "paddle"],
    says: /^unsupported: .*Protocol \d+ is stated/s,
    because: "a protocol of pickles that does not exist; torch does not look",
  },
  {
    frameworks: ["torch", "paddle"],
    says: /^not-a-checkpoint/,
    because: "a beginning that no file of the framework's has",
  },
  {
    frameworks: ["paddle"],
    says: /^tensor-invalid: .*(is a numpy array that|it is a numpy|of a dtype (with the flags|of the unknown version)|an unknown byte order|of numpy's type)/s,
    because: "an array in a form that numpy reads and never writes",
  },
  {
    frameworks: ["paddle"],
    says: /^tensor-invalid: .*UnpackBigParamInfor@@/s,
    because: "a table of slices that names what is not there: the parameter would be missing or not whole",
  },
  {
    frameworks: ["onnx"],
    says: /^malformed: .*stands twice/s,
    because: "two initializers of one name",
  },
  {
    frameworks: ["onnx"],
    says: /^tensor-invalid: .* bytes, and has 0\./s,
    because: "raw_data without a byte, beside which onnx looks into other fields",
  },
  {
    frameworks: ["onnx"],
    says: /^malformed: .*is no text in UTF-8/s,
    because: "a name that is no text",
  },
  {
    frameworks: ["onnx"],
    says: /^left out: \d+ initializers are not kept as plain bytes/,
    because: "values in other fields than raw_data and float_data; a warning says so",
  },
  {
    frameworks: ["onnx"],
    says: /^not-a-checkpoint/,
    because: "messages that no ONNX model begins with: the file may be anything of protocol buffers",
  },
];

/** @returns undefined where there is no reason */
export function reasonFor(reasons: readonly Reason[], framework: FrameworkName, said: string): string | undefined {
  return reasons.find((reason) => reason.frameworks.includes(framework) && reason.says.test(said))?.because;
}
