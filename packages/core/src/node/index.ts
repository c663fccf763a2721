export { directoryFileSet } from "./directory-file-set.ts";
export { directorySink, type DirectorySinkOptions } from "./directory-sink.ts";
export {
  takeFileLock,
  waitForFileLock,
  type LockAttempt,
  type LockHolder,
  type TakeLockOptions,
  type WaitForLockOptions,
} from "./file-lock.ts";
export { fileSystemError } from "./file-system-error.ts";
export { fileSink } from "./file-sink.ts";
export { fileSource } from "./file-source.ts";
export { pathInput } from "./path-input.ts";
export type { SinkOptions } from "./sink-options.ts";
