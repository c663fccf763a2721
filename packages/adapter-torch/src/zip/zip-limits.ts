/**
 * What a central directory may cost before a byte of it is believed. The largest published torch files have some ten thousand
 * storages each (every one an entry); these leave an order of magnitude and stay below 100 MB of memory.
 */
export const maximumEntries: number = 2 ** 18;

/** Bytes of the central directory: `maximumEntries` of torch's entries, which have about 70 bytes each, and room for longer names. */
export const maximumDirectoryBytes: number = 2 ** 25;

/** Bytes of one entry's name. torch's own are as long as the file's stem and some 12 bytes. */
export const maximumNameBytes = 1024;

/** The comment's length is a 16-bit field: the end record begins at most this far from the end (APPNOTE 4.3.16). */
export const maximumCommentBytes = 0xff_ff;
