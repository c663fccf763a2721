/** What an attribute may be: plain JSON without null and nesting. */
export type AttributeValue = number | string | boolean | readonly (number | string)[];

/** The attributes of a node by name: plain data, kept by JSON. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** How one attribute is read: its rule in words, and the typed value (undefined: the rule is broken). */
export interface AttributeParser<Type> {
  /** What it has to be, in words: `an integer above 0`. */
  readonly expects: string;
  /** Whether it may be left out. Default: false. */
  readonly optional?: boolean;
  /** The value as its type, or undefined for one that is none. */
  parse(value: AttributeValue): Type | undefined;
}

/** How the attributes of an operation are read, by their names. */
export type AttributeParsers = Readonly<Record<string, AttributeParser<AttributeValue>>>;

/** The typed attributes that parsers give: an optional attribute may be undefined. */
export type ParsedAttributes<Parsers extends AttributeParsers> = {
  readonly [Name in keyof Parsers]: Parsers[Name] extends AttributeParser<infer Type>
    ? Parsers[Name] extends { readonly optional: true }
      ? Type | undefined
      : Type
    : never;
};

/** What a node of an operation without attributes is given. */
export type NoAttributes = Readonly<Record<string, never>>;

/** The attributes that a node is given, as parsers read them: an optional attribute may be left out. */
export type GivenAttributes<Parsers extends AttributeParsers> = keyof Parsers extends never
  ? NoAttributes
  : {
      readonly [Name in RequiredNames<Parsers>]: Parsers[Name] extends AttributeParser<infer Type> ? Type : never;
    } & {
      readonly [Name in Exclude<keyof Parsers, RequiredNames<Parsers>>]?: Parsers[Name] extends AttributeParser<infer Type> ? Type : never;
    };

/** Names of the attributes that may not be left out. */
type RequiredNames<Parsers extends AttributeParsers> = {
  [Name in keyof Parsers]: Parsers[Name] extends { readonly optional: true } ? never : Name;
}[keyof Parsers];

/** Reads all attributes of a node. Returns the broken rule in words, or the typed attributes. */
export function parseAttributes<Parsers extends AttributeParsers>(
  parsers: Parsers,
  attributes: Attributes,
): { readonly broken: string } | { readonly parsed: ParsedAttributes<Parsers> } {
  const parsed: Record<string, AttributeValue | undefined> = {};
  for (const name of Object.keys(attributes)) {
    if (!Object.hasOwn(parsers, name))
      return { broken: `"${name}" is not one of its attributes (${Object.keys(parsers).join(", ") || "it has none"})` };
  }
  for (const [name, parser] of Object.entries(parsers)) {
    const given = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (given === undefined && parser.optional === true) continue;
    const value = given === undefined ? undefined : parser.parse(given);
    if (value === undefined) return { broken: `its attribute ${name} is ${parser.expects}, not ${JSON.stringify(given) ?? "missing"}` };
    parsed[name] = value;
  }
  return { parsed: parsed as ParsedAttributes<Parsers> };
}
