import { describe, expect, it } from "vitest";
import type { Pen } from "../../src/drawing/brush";
import { cropSide, paintCrop } from "../../src/surface/picture/crops";
import { placeLineEnds } from "../../src/views/lines/labels-scene";
import { linesFrame, unscrolled } from "../../src/views/lines/scene";

describe("a patch beside its name", () => {
  const drawn = (width: number, height: number) => {
    const calls: unknown[][] = [];
    const pen = { imageSmoothingEnabled: false, drawImage: (...at: unknown[]) => calls.push(at) };
    const image = {} as ImageBitmap;
    paintCrop(pen as unknown as Pen, { image, x: 8, y: 4, width, height }, 100, 50);
    return [pen.imageSmoothingEnabled, ...(calls[0] ?? []).slice(1)];
  };

  it("is as large as there is room for, pixel by pixel where it is small", () => {
    expect(drawn(4, 4)).toEqual([false, 8, 4, 4, 4, 100, 50 - cropSide / 2, cropSide, cropSide]);
    expect(drawn(32, 16)).toEqual([true, 8, 4, 32, 16, 100, 50 - cropSide / 4, cropSide, cropSide / 2]);
  });

  it("stands between the name and its lines", () => {
    const input = { queries: 3, keys: 3, width: 400, offsets: unscrolled, widest: 40 };
    const frame = linesFrame(input);
    const end = { token: 1, text: "1,2", number: "", tone: 0, way: null, sink: false };
    const rings = { focus: false, query: false, marked: false, ring: 0 };
    const ends = (["query", "key"] as const).map((side) => ({ side, ...end, ...rings }));
    const place = (beside: number) => placeLineEnds(frame, ends, (text) => 6 * text.length, beside);
    const [[query, key], [shiftedQuery, shiftedKey]] = [place(0), place(17)];
    expect((query?.textX ?? 0) - (shiftedQuery?.textX ?? 0)).toBe(17);
    expect((shiftedKey?.textX ?? 0) - (key?.textX ?? 0)).toBe(17);
    expect((shiftedQuery?.x ?? 0) + (shiftedQuery?.width ?? 0)).toBe((query?.x ?? 0) + (query?.width ?? 0));
    expect(shiftedKey?.x).toBe(key?.x);
  });
});
