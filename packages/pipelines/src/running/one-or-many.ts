/** A function of one input or of a list of them. */
export interface OneOrMany<Input, Options, Result> {
  (inputs: readonly Input[], options?: Options): Promise<readonly Result[]>;
  (input: Input, options?: Options): Promise<Result>;
}

/** Makes a function of a list one of a single input too. */
export function oneOrMany<Input extends string | object, Options, Result>(
  run: (inputs: readonly Input[], options: Options | undefined) => Promise<readonly Result[]>,
): OneOrMany<Input, Options, Result> {
  async function call(inputs: readonly Input[], options?: Options): Promise<readonly Result[]>;
  async function call(input: Input, options?: Options): Promise<Result>;
  async function call(given: Input | readonly Input[], options?: Options): Promise<Result | readonly Result[]> {
    // Callers without a compiler write null, too.
    const chosen = options ?? undefined;
    if (isList(given)) return run(given, chosen);
    const [result] = await run([given], chosen);
    if (result === undefined) throw new TypeError("one input has one result");
    return result;
  }
  return call;
}

function isList<Input>(given: Input | readonly Input[]): given is readonly Input[] {
  return Array.isArray(given);
}
