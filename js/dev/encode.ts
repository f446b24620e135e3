import type { Header } from "../src/wire/types";

export interface PlainBlock {
  readonly name: string;
  readonly dtype: "u8" | "f16" | "f32";
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Frame -> bytes, as the kernel does it. For the demo and the tests; the product only decodes. */
export function encodeFrame(
  header: Omit<Header, "blocks">,
  blocks: readonly PlainBlock[],
  version = 1,
): ArrayBuffer {
  const chunks = blocks.map(({ dtype, values }) => encodeItems(dtype, values));
  let offset = 0;
  const entries = blocks.map(({ name, dtype, shape }, index) => {
    const entry = { name, dtype, shape, offset };
    offset = aligned(offset + (chunks[index] as Uint8Array).byteLength);
    return entry;
  });
  const json = new TextEncoder().encode(JSON.stringify({ ...header, blocks: entries }));
  const headerLength = aligned(json.byteLength);
  const bytes = new Uint8Array(16 + headerLength + offset).fill(0x20, 16, 16 + headerLength);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("ATTN"));
  view.setUint16(4, version, true);
  view.setUint32(8, headerLength, true);
  view.setUint32(12, offset, true);
  bytes.set(json, 16);
  for (const [index, entry] of entries.entries()) {
    bytes.set(chunks[index] as Uint8Array, 16 + headerLength + entry.offset);
  }
  return bytes.buffer;
}

function aligned(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function encodeItems(dtype: PlainBlock["dtype"], values: ArrayLike<number>): Uint8Array {
  switch (dtype) {
    case "u8":
      return Uint8Array.from(values);
    case "f32":
      return new Uint8Array(Float32Array.from(values).buffer);
    case "f16":
      return new Uint8Array(Uint16Array.from(values, toHalf).buffer);
  }
}

/** Enough of IEEE for weights between 0 and 1: the fraction is cut, not rounded. */
export function toHalf(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  const exponent = ((bits >> 23) & 0xff) - 112;
  return exponent <= 0 ? 0 : (exponent << 10) | ((bits >> 13) & 0x3ff);
}
