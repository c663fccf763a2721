/**
 * `FileSystemDirectoryHandle` where a program's types know it (`lib: dom`), else any object: so these declarations need no types of browsers, and stand
 * beside them.
 */
export type DirectoryHandle = typeof globalThis extends { readonly FileSystemDirectoryHandle: { readonly prototype: infer Handle } }
  ? Handle
  : object;
