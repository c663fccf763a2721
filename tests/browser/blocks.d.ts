declare module "virtual:block:*" {
  /** See `blockModules`. */
  export function run(given: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
}
