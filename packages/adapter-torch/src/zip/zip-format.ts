/**
 * The records of a zip file, as far as `torch.save` archives have them (PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.4;
 * torch writes them with miniz). Lengths are of the fixed parts, in bytes.
 */
export const signatures = {
  localHeader: 0x04_03_4b_50,
  dataDescriptor: 0x08_07_4b_50,
  centralHeader: 0x02_01_4b_50,
  zip64EndOfDirectory: 0x06_06_4b_50,
  zip64Locator: 0x07_06_4b_50,
  endOfDirectory: 0x06_05_4b_50,
} as const;

export const recordBytes = {
  localHeader: 30,
  dataDescriptor: 16,
  zip64DataDescriptor: 24,
  centralHeader: 46,
  zip64EndOfDirectory: 56,
  zip64Locator: 20,
  endOfDirectory: 22,
} as const;

/** General purpose bits (APPNOTE 4.4.4). */
export const flagBits = {
  encrypted: 0x1,
  /** Sizes and checksum follow the data; the local header's are 0. */
  dataDescriptor: 0x8,
  patched: 0x20,
  stronglyEncrypted: 0x40,
  utf8Name: 0x800,
  maskedHeader: 0x2000,
} as const;

export const methodStored = 0;

/** An extra field with 64-bit sizes and offsets (APPNOTE 4.5.3). */
export const zip64ExtraId = 0x0001;

/** A 32-bit field whose true value stands in the zip64 records. */
export const inZip64 = 0xff_ff_ff_ff;

/** A 16-bit field whose true value stands in the zip64 records. */
export const inZip64Short = 0xff_ff;
