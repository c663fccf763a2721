export type { DirectoryHandle } from "./directory-handle.ts";
export { directoryHandleFileSet } from "./directory-handle-file-set.ts";
export { directoryHandleSink, type DirectoryHandleSinkOptions } from "./directory-handle-sink.ts";
