import { type ByteSource, LongspanError } from "@longspan/core";
import type { MemoryBudget, SourceStorage } from "@longspan/core/adapter";
import { asInteger, asSequence, describe } from "@longspan/pickle";
import type { PickleReading, PickleSource, PickleValue } from "@longspan/pickle";
import { readPickleOf } from "../tree/read-pickle-of.ts";
import { storageClass } from "../tree/storage-class.ts";
import type { StorageView } from "../tree/storage-view.ts";
import type { TarMember } from "./tar-members.ts";

/** A tensor of the member `tensors`, not yet checked against its storage. */
export interface TarTensor {
  readonly storage: StorageView;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly elementOffset: number;
}

/** More dimensions than any tensor has. */
const maxDimensions = 64;

/** What the parts of an archive are read with. */
export interface TarReading {
  readonly source: ByteSource;
  readonly budget: MemoryBudget;
  readonly signal: AbortSignal | undefined;
}

/** Bytes of memory for what is kept of a storage or a tensor, beside the pickle that describes it. */
const recordCost = 600;

/** Reads a member from its start: pickles and numbers in turn (torch/serialization.py, `legacy_load`). */
export class MemberReader {
  readonly #source: ByteSource;
  readonly #member: TarMember;
  readonly #pickles: PickleSource;
  readonly #budget: MemoryBudget;
  readonly #signal: AbortSignal | undefined;
  #position = 0;

  constructor({ source, budget, signal }: TarReading, member: TarMember) {
    this.#source = source;
    this.#member = member;
    this.#budget = budget;
    this.#signal = signal;
    this.#pickles = { size: member.byteLength, read: (offset, length) => source.read(member.offset + offset, length, { signal }) };
  }

  async reading(): Promise<PickleReading> {
    const place = { file: this.#source.name, part: this.#member.name, budget: this.#budget };
    const reading = await readPickleOf(place, this.#pickles, this.#position);
    this.#position = reading.end;
    return reading;
  }

  async pickle(): Promise<PickleValue> {
    return (await this.reading()).value;
  }

  /** A count of things to come. Each of them takes bytes, so that a lie ends with the member. */
  async count(): Promise<number> {
    const value = await this.pickle();
    const count = asInteger(value);
    return count !== undefined && count >= 0 ? count : this.fail("malformed", `${describe(value)} stands where a count is expected`);
  }

  /** Little-endian integers. */
  async integers(width: 4 | 8, count: number): Promise<number[]> {
    const offset = this.skip(width * count);
    const bytes = await this.#source.read(offset, width * count, { signal: this.#signal });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: count }, (_, index) =>
      width === 4 ? view.getInt32(index * 4, true) : Number(view.getBigInt64(index * 8, true)),
    );
  }

  /** Passes over bytes; returns where in the source they lie. */
  skip(byteLength: number): number {
    const left = this.#member.byteLength - this.#position;
    if (!(byteLength >= 0 && byteLength <= left)) this.fail("truncated", `${byteLength} bytes are expected, and ${left} are left`);
    const offset = this.#member.offset + this.#position;
    this.#position += byteLength;
    return offset;
  }

  fail(code: "malformed" | "truncated" | "tensor-invalid", problem: string): never {
    const message = `${this.#source.name} (${this.#member.name}, byte ${this.#position}): ${problem}. The file is damaged or was cut off: copy or download it again.`;
    throw new LongspanError(code, message, { details: { file: this.#source.name, part: this.#member.name, offset: this.#position } });
  }
}

/** The member `storages`: by id, each with its bytes, and views into them. */
export async function readTarStorages(reading: TarReading, member: TarMember): Promise<ReadonlyMap<string, StorageView>> {
  const { source, budget } = reading;
  const reader = new MemberReader(reading, member);
  const storages = new Map<string, StorageView>();
  const count = await reader.count();
  for (let index = 0; index < count; index++) {
    budget.spend(recordCost);
    const description = await reader.pickle();
    const [key, , type] = asSequence(description) ?? [];
    const known = classOrFail(reader, type);
    const [elements = 0] = await reader.integers(8, 1);
    const byteLength = elements * known.elementBytes;
    const storage: SourceStorage = { source, offset: reader.skip(byteLength), byteLength };
    storages.set(idText(reader, key), { storage, storageClass: known, elementOffset: 0, elements });
  }
  const views = await reader.pickle();
  for (const item of asSequence(views) ?? reader.fail("malformed", `the list of views is ${describe(views)}`)) {
    const [target, root, offset, size] = asSequence(item) ?? [];
    const whole = storages.get(idText(reader, root)) ?? reader.fail("malformed", "a view of a storage that is not there");
    const elementOffset = asInteger(offset) ?? -1;
    const elements = asInteger(size) ?? -1;
    if (elementOffset < 0 || elements < 0 || elementOffset + elements > whole.elements)
      reader.fail("tensor-invalid", `a view ${describe(item)} leaves its storage of ${whole.elements} elements`);
    storages.set(idText(reader, target), { ...whole, elementOffset: whole.elementOffset + elementOffset, elements });
  }
  return storages;
}

/** The member `tensors`: by id. */
export async function readTarTensors(
  reading: TarReading,
  member: TarMember,
  storages: ReadonlyMap<string, StorageView>,
): Promise<ReadonlyMap<string, TarTensor>> {
  const reader = new MemberReader(reading, member);
  const tensors = new Map<string, TarTensor>();
  const count = await reader.count();
  for (let index = 0; index < count; index++) {
    reading.budget.spend(recordCost);
    const [key, storageId] = asSequence(await reader.pickle()) ?? [];
    const storage = storages.get(idText(reader, storageId)) ?? reader.fail("malformed", "a tensor of a storage that is not there");
    // Dimensions were once written as eight bytes; four of them count.
    const [dimensions = 0] = await reader.integers(4, 2);
    if (dimensions < 0 || dimensions > maxDimensions) reader.fail("malformed", `a tensor of ${dimensions} dimensions`);
    const numbers = await reader.integers(8, 2 * dimensions + 1);
    tensors.set(idText(reader, key), {
      storage,
      shape: numbers.slice(0, dimensions),
      strides: numbers.slice(dimensions, 2 * dimensions),
      elementOffset: numbers[2 * dimensions] ?? 0,
    });
  }
  return tensors;
}

function classOrFail(reader: MemberReader, type: PickleValue | undefined): ReturnType<typeof storageClass> {
  try {
    return storageClass(type);
  } catch (error) {
    return reader.fail("malformed", error instanceof Error ? error.message : String(error));
  }
}

/** Ids are addresses: integers in `storages` and `tensors`, their digits in `pickle`. */
function idText(reader: MemberReader, value: PickleValue | undefined): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return reader.fail("malformed", `${value === undefined ? "nothing" : describe(value)} stands where an id is expected`);
}
