import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { LongspanError } from "@longspan/core";
import { checkCount, maxPieces } from "./check-count.ts";

interface SentencePiece {
  readonly piece: string;
  /** The logarithm of its probability. */
  readonly score: number;
  readonly kind: "normal" | "unknown" | "control" | "userDefined" | "unused" | "byte";
}

/** What sentencepiece's own file holds. */
export interface SentencepieceModel {
  readonly pieces: readonly SentencePiece[];
  readonly algorithm: "unigram" | "bpe" | "word" | "char";
  /** The compiled normalization rules; undefined where text is taken as it is. */
  readonly charsmap: Uint8Array | undefined;
}

const kinds = new Map<number, SentencePiece["kind"]>([
  [1, "normal"],
  [2, "unknown"],
  [3, "control"],
  [4, "userDefined"],
  [5, "unused"],
  [6, "byte"],
]);

const algorithms = new Map<number, SentencepieceModel["algorithm"]>([
  [1, "unigram"],
  [2, "bpe"],
  [3, "word"],
  [4, "char"],
]);

/**
 * Reads `sentencepiece.bpe.model` or `spiece.model`: a ModelProto (sentencepiece/src/sentencepiece_model.proto).
 * @throws LongspanError `malformed`; `limit-exceeded` for more pieces than a file of its size may have.
 */
export function readSentencepieceModel(bytes: Uint8Array, name: string): SentencepieceModel {
  try {
    const model = modelProto(bytes, name);
    if (model.pieces.length > 0) return model;
  } catch (error) {
    if (LongspanError.isInstance(error)) throw error;
    throw noModel(name, error);
  }
  throw noModel(name, undefined);
}

function noModel(name: string, cause: unknown): LongspanError {
  return new LongspanError("malformed", `${name} is no sentencepiece model.`, { cause, details: { file: name } });
}

function modelProto(bytes: Uint8Array, name: string): SentencepieceModel {
  const pieces: SentencePiece[] = [];
  let algorithm: SentencepieceModel["algorithm"] = "unigram";
  let charsmap: Uint8Array | undefined;
  eachField(bytes, (field, wire, reader) => {
    if (wire !== WireType.LengthDelimited || field > 3) return false;
    const message = reader.bytes();
    if (field === 1) {
      checkCount(pieces.length + 1, maxPieces(bytes.length), name, "pieces");
      pieces.push(sentencePiece(message));
    }
    if (field === 2) algorithm = algorithmOf(message);
    if (field === 3) charsmap = charsmapOf(message);
    return true;
  });
  return { pieces, algorithm, charsmap };
}

function sentencePiece(bytes: Uint8Array): SentencePiece {
  let [piece, score, kind]: [string, number, number] = ["", 0, 1];
  eachField(bytes, (field, wire, reader) => {
    if (field === 1 && wire === WireType.LengthDelimited) piece = reader.string();
    else if (field === 2 && wire === WireType.Bit32) score = reader.float();
    else if (field === 3 && wire === WireType.Varint) kind = reader.int32();
    else return false;
    return true;
  });
  return { piece, score, kind: kinds.get(kind) ?? "normal" };
}

function algorithmOf(trainerSpec: Uint8Array): SentencepieceModel["algorithm"] {
  let algorithm = 1;
  eachField(trainerSpec, (field, wire, reader) => {
    if (field !== 3 || wire !== WireType.Varint) return false;
    algorithm = reader.int32();
    return true;
  });
  return algorithms.get(algorithm) ?? "unigram";
}

function charsmapOf(normalizerSpec: Uint8Array): Uint8Array | undefined {
  let charsmap: Uint8Array | undefined;
  eachField(normalizerSpec, (field, wire, reader) => {
    if (field !== 2 || wire !== WireType.LengthDelimited) return false;
    charsmap = reader.bytes();
    return true;
  });
  return charsmap?.length === 0 ? undefined : charsmap;
}

/** Calls `read` for each field; those it does not take are stepped over. */
function eachField(bytes: Uint8Array, read: (field: number, wire: WireType, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!read(field, wire, reader)) reader.skip(wire, field);
  }
}
