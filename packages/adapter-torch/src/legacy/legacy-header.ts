/**
 * The number with which a stream of `torch.save` before 1.6 begins: the pickle of 0x1950a86a20f9469cfc6c
 * (torch/serialization.py, MAGIC_NUMBER), as LONG1 with its ten bytes.
 */
const magicNumber = /*#__PURE__*/ Uint8Array.of(0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19);

export const magicNumberValue = 0x1950_a86a_20f9_469c_fc6cn;

/** torch/serialization.py, PROTOCOL_VERSION. */
export const legacyProtocolVersion = 1001;

/** Bytes of PROTO, and of protocol 4's FRAME around the number. */
const protocolBytes = 2;
const frameBytes = 9;

/** Whether the bytes begin as a legacy stream of any pickle protocol from 2 to 5 (`torch.save(pickle_protocol=…)`). */
export function beginsAsLegacy(head: Uint8Array): boolean {
  const protocol = head[1] ?? 0;
  if (head[0] !== 0x80 || protocol < 2 || protocol > 5) return false;
  const start = head[protocolBytes] === 0x95 ? protocolBytes + frameBytes : protocolBytes;
  return magicNumber.every((byte, index) => head[start + index] === byte);
}
