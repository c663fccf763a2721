import { LongspanError } from "@longspan/core";
import type { TreeValue } from "@longspan/core/adapter";
import type { RefusedTensor } from "@longspan/container-safetensors";

/** Whether it stands for a tensor of a torch file or a safetensors file that could not be made. */
export function isRefusedTensor(value: TreeValue): value is RefusedTensor {
  return typeof value === "object" && value !== null && value.kind === "opaque" && "error" in value;
}

interface Place {
  /** What made the tensor, or would have. */
  readonly className: string;
  readonly file: string;
  /** The tensor's. */
  readonly name: string;
}

/** What `make` returns, or in the place of a LongspanError a refused tensor with the file and the tensor in its message. */
export function refuseOrRethrow<Made>(place: Place, make: () => Made): Made | RefusedTensor {
  try {
    return make();
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    return refusedTensor(place, error);
  }
}

/** What stands for a tensor that cannot be made, for that reason. */
export function refusedTensor(place: Place, error: LongspanError): RefusedTensor {
  const refusal = inPlace(error, place);
  return { kind: "opaque", className: place.className, reason: refusal.message, error: refusal };
}

function inPlace(error: LongspanError, { file, name }: Place): LongspanError {
  const hint = error.code === "tensor-invalid" ? " The file is damaged or was not written by torch: download it or write it again." : "";
  const message = `${file}: tensor "${name}": ${error.message}${error.message.endsWith(".") ? "" : "."}${hint}`;
  return new LongspanError(error.code, message, { cause: error, details: { ...error.details, file, tensor: name } });
}
