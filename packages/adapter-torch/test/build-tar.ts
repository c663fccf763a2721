import { concatenate } from "./build-zip.ts";

export interface TestMember {
  readonly name: string;
  readonly data: Uint8Array;
  readonly type?: string;
  /** In the header, where it shall lie. */
  readonly size?: number;
}

/** A tar archive of ustar headers. */
export function buildTar(members: readonly TestMember[]): Uint8Array {
  const blocks = members.flatMap(({ name, data, type = "0", size = data.length }) => {
    const header = new Uint8Array(512);
    const put = (text: string, offset: number): void => header.set(new TextEncoder().encode(text), offset);
    put(name, 0);
    put("0000644\0", 100);
    put(`${size.toString(8).padStart(11, "0")}\0`, 124);
    put("        ", 148);
    put(type, 156);
    put("ustar\u000000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, data, new Uint8Array((512 - (data.length % 512)) % 512)];
  });
  return concatenate(...blocks, new Uint8Array(1024));
}
