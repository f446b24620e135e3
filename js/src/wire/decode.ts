import type { Block, BlockEntry, Frame, Header, Tile } from "./types";

/** Bytes that are not a frame. The message says which of the rules is broken. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const headLength = 16;
const wireVersion = 1;
const itemSize = { u8: 1, f16: 2, f32: 4 } as const;

/** What a frame, a tile and a saved page have in common: a header of plain data, and named arrays. */
export interface Container<Told> {
  readonly header: Told & { readonly blocks: readonly BlockEntry[] };
  /** The array of that name; null where there is none. */
  read(name: string): Block | null;
}

/** Bytes -> container. Honours the view's offset; copies where a block is not aligned. */
export function decodeContainer<Told>(source: ArrayBuffer | ArrayBufferView): Container<Told> {
  const view = asView(source);
  const { headerLength, bodyLength } = readHead(view);
  const header = readHeader(view, headerLength) as unknown as Container<Told>["header"];
  const bodyStart = headLength + headerLength;
  return { header, read: (name) => readBlock(view, header.blocks, name, bodyStart, bodyLength) };
}

export function decodeFrame(source: ArrayBuffer | ArrayBufferView): Frame {
  const { header, read } = decodeContainer<Header>(source);
  const matrix = floats(read("matrix"), "matrix");
  checkShapes(header, matrix);
  return {
    header,
    matrix,
    row: vector(read("row"), "row"),
    column: vector(read("column"), "column"),
    thumbnails: bytes(read("thumbnails")),
    previews: bytes(read("previews")),
    ...(header.signed && { changes: signed(read("changes")) }),
  };
}

/** Bytes -> Tile: the same container, with one block and a header that says where it belongs. */
export function decodeTile(source: ArrayBuffer | ArrayBufferView): Tile {
  const { header, read } = decodeContainer<Pick<Tile, "rows" | "columns">>(source);
  const { rows, columns } = header;
  const { shape, data } = floats(read("matrix"), "matrix");
  if (shape[0] !== rows[1] - rows[0] || shape[1] !== columns[1] - columns[0])
    throw new WireError("tile whose shape does not match its place");
  return { rows, columns, values: data, precise: header.blocks[0]?.dtype === "f32" };
}

/** A frame's container with whatever blocks it has: its header, and the floats of a block by name. */
export function decodeBlocks(source: ArrayBuffer | ArrayBufferView): {
  readonly header: unknown;
  readonly floats: (name: string) => Float32Array | null;
} {
  const { header, read } = decodeContainer<unknown>(source);
  return {
    header,
    floats: (name) => {
      const block = read(name);
      return block === null ? null : floats(block, name).data;
    },
  };
}

function asView(source: ArrayBuffer | ArrayBufferView): DataView {
  return ArrayBuffer.isView(source)
    ? new DataView(source.buffer, source.byteOffset, source.byteLength)
    : new DataView(source);
}

function readHead(view: DataView): { headerLength: number; bodyLength: number } {
  if (view.byteLength < headLength) throw new WireError(`short frame: ${view.byteLength} bytes, no header`);
  const magic = String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(index)));
  if (magic !== "ATTN") throw new WireError("wrong magic: not a frame of attnwidget");
  const version = view.getUint16(4, true);
  if (version !== wireVersion)
    throw new WireError(`wrong version: ${version}, this page reads ${wireVersion}`);
  const headerLength = view.getUint32(8, true);
  const bodyLength = view.getUint32(12, true);
  const wanted = headLength + headerLength + bodyLength;
  if (view.byteLength < wanted) throw new WireError(`short frame: ${view.byteLength} of ${wanted} bytes`);
  return { headerLength, bodyLength };
}

function readHeader(view: DataView, length: number): Header {
  const text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + headLength, length));
  return JSON.parse(text) as Header;
}

function readBlock(
  view: DataView,
  blocks: readonly BlockEntry[],
  name: string,
  start: number,
  length: number,
): Block | null {
  const entry = blocks.find((block) => block.name === name);
  if (entry === undefined) return null;
  const items = entry.shape.reduce((product, extent) => product * extent, 1);
  const size = items * itemSize[entry.dtype];
  if (!(entry.offset >= 0) || entry.offset + size > length)
    throw new WireError(`block outside the body: ${name}`);
  return { shape: entry.shape, data: readItems(view, entry, start + entry.offset, items) };
}

function readItems(
  view: DataView,
  entry: BlockEntry,
  offset: number,
  items: number,
): Float32Array | Uint8Array {
  const begin = view.byteOffset + offset;
  switch (entry.dtype) {
    case "u8":
      return new Uint8Array(view.buffer, begin, items);
    case "f32":
      return new Float32Array(...aligned(view.buffer, begin, items, 4));
    case "f16":
      return widen(new Uint16Array(...aligned(view.buffer, begin, items, 2)));
  }
}

function aligned(
  buffer: ArrayBufferLike,
  begin: number,
  items: number,
  size: number,
): [ArrayBufferLike, number, number] {
  if (begin % size === 0) return [buffer, begin, items];
  return [buffer.slice(begin, begin + items * size), 0, items];
}

/** Half floats, which not every browser reads by itself. */
function widen(halves: Uint16Array): Float32Array {
  const table = halfTable();
  const wide = new Float32Array(halves.length);
  // A plain loop: `from` takes ten times as long, and this is a quarter of a million numbers.
  for (let index = 0; index < halves.length; index++) wide[index] = table[halves[index] as number] as number;
  return wide;
}

let halves: Float32Array | undefined;

function halfTable(): Float32Array {
  if (halves === undefined) halves = Float32Array.from({ length: 65536 }, (_, bits) => halfValue(bits));
  return halves;
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function floats(block: Block | null, name: string): Block<Float32Array> {
  if (block === null) throw new WireError(`no block ${name}`);
  if (!(block.data instanceof Float32Array)) throw new WireError(`block ${name} does not hold floats`);
  return { shape: block.shape, data: block.data };
}

function vector(block: Block | null, name: string): Float32Array | null {
  return block === null ? null : floats(block, name).data;
}

function signed(block: Block | null): Block<Float32Array> | null {
  return block === null ? null : floats(block, "changes");
}

function bytes(block: Block | null): Block<Uint8Array> | null {
  return block?.data instanceof Uint8Array ? { shape: block.shape, data: block.data } : null;
}

function checkShapes(header: Header, matrix: Block): void {
  const count = header.tokens.pieces.length;
  if (header.tokens.spans.length !== count) throw new WireError("tokens disagree: pieces and spans");
  if (matrix.shape.length !== 2) throw new WireError(`matrix has ${matrix.shape.length} axes`);
}

/** A copy, which begins where numbers of any size may begin. */
export function bytesOf(source: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return view.slice().buffer;
}
