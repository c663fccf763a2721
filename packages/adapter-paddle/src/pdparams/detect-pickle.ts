import type { Claim } from "@longspan/core/adapter";

/** PROTO, and the protocols paddle.save has written: 2 to 4, and 5 on macOS with Python 3.14. */
const proto = 0x80;
const minProtocol = 2;
const maxProtocol = 5;

/** The module names of numpy 1 and 2, the ways they call an array into being, and Paddle's own tables. */
const arrayMarks = ["_reconstruct", "_frombuffer"];
const paddleMarks = ["StructuredToParameterName@@", "UnpackBigParamInfor@@"];

/** Names that stand in the pickles of torch and never in Paddle's. */
const torchMarks = ["torch._utils", "torch.storage", "torch._tensor", "_rebuild_tensor"];

/** The first pickle of torch's legacy stream is the number 0x1950a86a20f9469cfc6c: `LONG1`, ten bytes (torch/serialization.py, MAGIC_NUMBER). */
const torchMagic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** A pickle that holds numpy arrays and nothing of torch: told by its first bytes. */
export function detectPickle(head: Uint8Array): Claim | undefined {
  const [first, protocol = 0] = head;
  if (first !== proto || protocol < minProtocol || protocol > maxProtocol) return undefined;
  if (torchMagic.every((byte, index) => head[index + 2] === byte)) return undefined;
  const text = new TextDecoder("latin1").decode(head);
  if (torchMarks.some((mark) => text.includes(mark))) return undefined;
  if (paddleMarks.some((mark) => text.includes(mark)))
    return {
      specificity: 90,
      evidence: `a pickle (protocol ${protocol}) with Paddle's name table`,
    };
  if (text.includes("numpy") && arrayMarks.some((mark) => text.includes(mark))) {
    return { specificity: 80, evidence: `a pickle (protocol ${protocol}) of numpy arrays` };
  }
  return { specificity: 5, evidence: `a pickle (protocol ${protocol}) of something` };
}
