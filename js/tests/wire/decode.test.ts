import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeFrame, toHalf } from "../../dev/encode";
import { decodeFrame, WireError } from "../../src/wire/decode";
import { path } from "../files";
import { blocks, frameBytes, header, matrix } from "../frames";

describe("decodeFrame", () => {
  it("reads header and blocks", () => {
    const frame = decodeFrame(frameBytes());
    expect(frame.header.tokens.pieces).toEqual(["The", "river", "bank"]);
    expect(Array.from(frame.matrix.data)).toEqual(matrix);
    expect(Array.from(frame.row ?? [])).toEqual([0.5, 0.25, 0.25]);
    expect(frame.thumbnails?.shape).toEqual([1, 2, 3, 3]);
    expect(frame.previews?.data[4]).toBe(255);
  });

  it.each([0, 1, 2, 3, 4, 5, 7, 8])("honours a view that begins at byte %i", (offset) => {
    const bytes = new Uint8Array(frameBytes());
    const wide = new Uint8Array(bytes.length + 32).fill(7);
    wide.set(bytes, offset);
    const frame = decodeFrame(new DataView(wide.buffer, offset, bytes.length));
    expect(Array.from(frame.matrix.data)).toEqual(matrix);
    expect(Array.from(frame.column ?? [])).toEqual([0, 0, 0.25]);
  });

  it("reads half floats", () => {
    const [first, ...rest] = blocks;
    const half = { ...first, dtype: "f16" as const, name: "matrix", shape: [3, 3], values: matrix };
    const frame = decodeFrame(frameBytes({}, [half, ...rest]));
    expect(Array.from(frame.matrix.data)).toEqual(matrix);
    expect(toHalf(1)).toBe(0x3c00);
  });

  it("reads what became of small maps, where numbers have a sign", () => {
    const changes = { name: "changes", dtype: "f32" as const, shape: [1, 1, 1, 3], values: [-0.5, 0, 0.25] };
    const frame = decodeFrame(frameBytes({ signed: true }, [...blocks, changes]));
    expect(Array.from(frame.changes?.data ?? [])).toEqual([-0.5, 0, 0.25]);
    expect(decodeFrame(frameBytes({ signed: true })).changes).toBeNull();
    expect(decodeFrame(frameBytes())).not.toHaveProperty("changes");
  });

  it("reads a preview, which has no overview", () => {
    const frame = decodeFrame(frameBytes({}, blocks.slice(0, 3)));
    expect(frame.thumbnails).toBeNull();
    expect(frame.previews).toBeNull();
  });

  it("reads text beyond ASCII", () => {
    const tokens = { ...header.tokens, pieces: ["👋🏽", "مرحبا", "</script>"] };
    expect(decodeFrame(frameBytes({ tokens })).header.tokens.pieces).toEqual(tokens.pieces);
  });
});

describe("bytes that are no frame", () => {
  const spoiled = (change: (bytes: Uint8Array) => unknown) => {
    const bytes = new Uint8Array(frameBytes());
    change(bytes);
    return () => decodeFrame(bytes);
  };

  it("tells wrong magic, wrong version, short and outside apart", () => {
    expect(spoiled((bytes) => bytes.fill(0, 0, 1))).toThrow(/wrong magic/);
    expect(spoiled((bytes) => bytes.fill(9, 4, 5))).toThrow(/wrong version: 9/);
    expect(() => decodeFrame(frameBytes().slice(0, 10))).toThrow(/short frame/);
    expect(() => decodeFrame(frameBytes().slice(0, -4))).toThrow(/short frame/);
    const outside = encodeFrame(header, [
      ...blocks.slice(0, 3),
      { name: "thumbnails", dtype: "u8", shape: [9999], values: [1] },
    ]);
    expect(() => decodeFrame(outside)).toThrow(/block outside the body: thumbnails/);
  });

  it("names a block that is missing", () => {
    expect(() => decodeFrame(frameBytes({}, blocks.slice(1)))).toThrow(new WireError("no block matrix"));
  });
});

const golden = path("../tests/fixtures/frame_v1");

describe.skipIf(!existsSync(`${golden}.bin`) || !existsSync(`${golden}.json`))(
  "the frame that Python wrote",
  () => {
    it("decodes to what Python meant", () => {
      const frame = decodeFrame(readFileSync(`${golden}.bin`));
      const meant = JSON.parse(readFileSync(`${golden}.json`, "utf8")) as {
        header: Record<string, unknown>;
        blocks: Record<string, number[]>;
      };
      expect(frame.header).toMatchObject(meant.header);
      const found: Record<string, ArrayLike<number> | undefined> = {
        matrix: frame.matrix.data,
        row: frame.row ?? undefined,
        column: frame.column ?? undefined,
        thumbnails: frame.thumbnails?.data,
        previews: frame.previews?.data,
      };
      for (const [name, values] of Object.entries(meant.blocks)) {
        const own = Array.from(found[name] ?? []);
        expect(own.length, name).toBe(values.length);
        for (const [index, value] of own.entries())
          expect(value, `${name} ${index}`).toBeCloseTo(values[index] as number, 6);
      }
    });
  },
);
