/** Bytes of one entry's name. torch's own are as long as the file's stem and some 12 bytes. */
export const maxNameBytes = 1024;

/** The comment's length is a 16-bit field: the end record begins at most this far from the end (APPNOTE 4.3.16). */
export const maxCommentBytes = 0xff_ff;
