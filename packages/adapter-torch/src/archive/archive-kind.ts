/** Whether the entries are those of `torch.save`: `FOLDER/data.pkl` is there. */
export function isTorchArchive(entryNames: Iterable<string>): boolean {
  for (const name of entryNames) if (/^[^/]+\/data\.pkl$/.test(name)) return true;
  return false;
}

/** Whether the entries are those of `torch.export.save` (torch 2.8 and later): `FOLDER/archive_format`, `FOLDER/models/`. */
export function isExportArchive(entryNames: Iterable<string>): boolean {
  let format = false;
  let model = false;
  for (const name of entryNames) {
    format ||= /^[^/]+\/archive_format$/.test(name);
    model ||= /^[^/]+\/(?:models|data)\//.test(name);
  }
  return format && model;
}
