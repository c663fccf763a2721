import { type FormatAdapter, LongspanError } from "@longspan/core";

/** `ir_version`, the field that ONNX's writers put first (onnx.proto, ModelProto). */
const firstTag = 0x08;

/** ONNX files as checkpoints. The module that reads them is loaded when a file looks like one: no other pays for it. */
export function onnxReader(): FormatAdapter {
  let loaded: FormatAdapter | undefined;
  const load = async (): Promise<FormatAdapter> => {
    const { onnx } = await import("@longspan/runtime-ort/onnx");
    return (loaded ??= onnx());
  };
  return {
    specificationVersion: 1,
    name: "onnx-reader",
    containers: [
      {
        name: "onnx",
        entryNames: [],
        detect: async (probe) => (probe.head[0] === firstTag ? (await load()).containers[0]?.detect(probe) : undefined),
        open: async (input) => (await load()).containers[0]?.open(input) ?? unloaded(),
      },
    ],
    envelopes: [
      {
        name: "onnx",
        detect: (container) => loaded?.envelopes[0]?.detect(container),
        open: (container) => loaded?.envelopes[0]?.open(container) ?? unloaded(),
      },
    ],
    layouts: [],
    targets: [],
    folderKinds: [
      {
        name: "transformers-js",
        async find(files, fileName) {
          if (fileName !== undefined || (await files.folder?.("onnx")) === undefined) return undefined;
          return (await load()).folderKinds?.[0]?.find(files, fileName);
        },
      },
    ],
  };
}

function unloaded(): never {
  throw new LongspanError(
    "adapter-invalid",
    "The installed @longspan/runtime-ort does not read ONNX files. Install the version of this command.",
  );
}
