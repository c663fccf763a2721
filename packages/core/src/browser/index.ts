export { directoryHandleFileSet } from "./directory-handle-file-set.ts";
export { directoryHandleSink, type DirectoryHandleSinkOptions } from "./directory-handle-sink.ts";
