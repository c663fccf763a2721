/**
 * Where measurements of a device are kept between processes, by names. Neither function throws: what cannot be kept is measured again, which
 * costs half a second and nothing else.
 */
export interface TuningStore {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}
