import { LongspanError } from "@longspan/core";

/** The error for bytes that are no HDF5. `file` and the place in it are named. */
export function malformed(file: string, why: string): LongspanError {
  return new LongspanError("malformed", `${file}: ${why}. The file is damaged, or is no HDF5 file: copy or download it again.`, {
    details: { file },
  });
}

/** The error for what the format has and Longspan does not read; `h5repack` of the HDF5 tools writes it plainly. */
export function unsupported(file: string, what: string): LongspanError {
  return new LongspanError("unsupported", `${file}: ${what}, which Longspan does not read. Write it again with h5py's defaults.`, {
    details: { file },
  });
}
