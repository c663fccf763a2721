/**
 * Where measurements of a device are kept between processes, by names. Neither function throws: what cannot be kept is measured again, which
 * costs half a second and nothing else. What is written is there whole, or not at all: a reader never sees a part of it.
 */
export interface TuningStore {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}
