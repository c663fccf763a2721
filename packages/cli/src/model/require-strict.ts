import { LongspanError } from "@longspan/core";

/**
 * With `--strict`, what would be said aloud is an error: notes of every kind, and tensors that are no parameters.
 * @throws LongspanError `unexpected`, with all of it.
 */
export function requireStrict(
  strict: boolean | undefined,
  name: string,
  notes: readonly string[],
  unexpected: readonly string[] = [],
): void {
  const found = [
    ...notes,
    ...(unexpected.length === 0
      ? []
      : [
          `${unexpected.length} tensors are no parameters of this model: ${unexpected.slice(0, 5).join(", ")}${unexpected.length > 5 ? ", …" : ""}.`,
        ]),
  ];
  if (strict !== true || found.length === 0) return;
  throw new LongspanError(
    "unexpected",
    [`${name}: with --strict nothing may be unexpected.`, ...found.map((note) => `  ${note}`), "Without --strict these are notes."],
    {
      details: { notes: found },
    },
  );
}
