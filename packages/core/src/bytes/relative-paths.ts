/** The folders that paths (as segments, the file last) begin with, each once. */
export function folderNames(paths: readonly (readonly string[])[]): string[] {
  return [...new Set(paths.flatMap(([first, ...rest]) => (first === undefined || rest.length === 0 ? [] : [first])))];
}
