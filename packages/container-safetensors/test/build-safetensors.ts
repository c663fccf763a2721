import { memoryFileSet } from "@longspan/core";
import { bytesSource, type Container, type OpenedContainer } from "@longspan/core/adapter";
import { planSafetensors } from "@longspan/safetensors";

export function concatenate(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
}

/** The length that stands before a header. */
export function lengthField(length: bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(length).buffer);
}

/** A file of a header as it stands, and so many bytes of data. */
export function fileOf(header: string, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  return concatenate(lengthField(BigInt(text.length)), text, new Uint8Array(dataBytes));
}

/** A file of tensors of one float32: 1, 2, … */
export function safetensorsOf(names: readonly string[], format = "pt"): Uint8Array {
  const plan = planSafetensors(
    names.map((name) => ({ name, dataType: "F32" as const, shape: [1] })),
    { metadata: { format } },
  );
  return concatenate(plan.header, new Uint8Array(Float32Array.from(names, (_, index) => index + 1).buffer));
}

/** Opens bytes with a container, without asking whether it claims them. */
export function openBytes(container: Container, bytes: Uint8Array): Promise<OpenedContainer> {
  return container.open({ source: bytesSource(bytes, "model.bin"), fileName: "model.bin", files: memoryFileSet("memory", {}) });
}
