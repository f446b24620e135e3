import { describe, expect, it } from "vitest";
import { spanLabel } from "../../src/controls/Toolbar";
import { noteOf } from "../../src/surface/sound/note";
import { type Band, inkPixels, paintBand } from "../../src/surface/sound/paint";
import { rowTimes } from "../../src/surface/sound/row-times";
import { TimeSurface, ticksOf, timeAt, xOf } from "../../src/surface/sound/times";
import { fullOfLanes } from "../../src/surface/sound/words/bars";
import { rowsOf, wantedRows } from "../../src/surface/sound/words/cross-rows";
import { lanesOf, saidBy, scrolledTo } from "../../src/surface/sound/words/lane";
import { readSound, readSpectrogram, readUploaded } from "../../src/wire/media/sound";
import type { SoundTold, TimePlace } from "../../src/wire/types";
import { open } from "../opened";

const axis = { left: 100, width: 500, seconds: 5 };
/** Frames of 20 ms, as Whisper's encoder has them. */
const frames = (seconds: number): TimePlace[] =>
  Array.from({ length: Math.round(seconds / 0.02) }, (_, frame) => [frame * 0.02, (frame + 1) * 0.02]);

describe("tokens along a time", () => {
  const surface = new TimeSurface([null, ...frames(5)], axis, 80);

  it("stand where they are heard, at the width of the page", () => {
    expect(surface.rects(0)).toEqual([]);
    const [rect] = surface.rects(51);
    expect([rect?.x, rect?.width, rect?.height]).toEqual([200, expect.closeTo(2, 6), 80]);
    expect(timeAt(axis, xOf(axis, 1.42))).toBeCloseTo(1.42);
  });

  it("are found at their own places, and nowhere outside", () => {
    for (const token of surface.tokens) {
      const [rect] = surface.rects(token);
      expect(surface.hit((rect?.x ?? 0) + 1, 40)).toBe(token);
    }
    for (const [x, y] of [
      [99, 40],
      [601, 40],
      [300, 81],
      [300, -1],
    ] as const)
      expect(surface.hit(x, y)).toBeNull();
  });

  it("of those that overlap, as wav2vec2's do, the nearest is found", () => {
    const wide = new TimeSurface(
      frames(1).map(([start]): TimePlace => [start, start + 0.025]),
      { left: 0, width: 1000, seconds: 1 },
      10,
    );
    expect(wide.hit(21, 5)).toBe(0);
    expect(wide.hit(24, 5)).toBe(1);
  });

  it("have neighbours, and stay inside at both ends", () => {
    expect(surface.beside(1, 1)).toBe(2);
    expect(surface.beside(1, -1)).toBe(1);
    expect(surface.beside(250, 1)).toBe(250);
    expect(surface.beside(0, 1)).toBe(1);
  });

  it("cover a span in one piece, cut where the sound ends", () => {
    expect(surface.covered([1, 51])).toEqual([0, 1]);
    expect(surface.covered([0, 1])).toBeNull();
    const longer = new TimeSurface([[4.9, 5.3]], axis, 80);
    expect(longer.rects(0)[0]?.width).toBeCloseTo(10);
  });
});

describe("the heat along a time", () => {
  it("has the largest of what falls into a pixel, so that nothing is lost", () => {
    const surface = new TimeSurface(frames(30), { left: 0, width: 300, seconds: 30 }, 80);
    const values = new Float32Array(1500);
    values[777] = 0.25;
    values[778] = 0.5;
    const pixels = surface.across(values, 1);
    expect(pixels).toHaveLength(300);
    expect([...pixels.keys()].filter((at) => (pixels[at] as number) > 0)).toEqual([155]);
    expect(pixels[155]).toBe(0.5);
  });

  it("covers each token's own pixels where there is room, without a gap", () => {
    const surface = new TimeSurface(frames(1), { left: 50, width: 333, seconds: 1 }, 80);
    const pixels = surface.across(new Float32Array(50).fill(1), 2);
    expect(pixels).toHaveLength(666);
    expect(pixels.every((value) => value === 1)).toBe(true);
  });

  it("is painted with as few rectangles as there are tones, to the right place", () => {
    const drawn: (readonly [number, number, number])[] = [];
    const pen = {
      globalAlpha: 1,
      fillStyle: "",
      fillRect: (x: number, _y: number, width: number) => drawn.push([x, width, pen.globalAlpha]),
    };
    const band: Band = { colour: "red", tones: Float32Array.of(0, 0.5, 0.5, 1, 0) };
    paintBand(pen as never, { x: 10, y: 0, width: 0, height: 5 }, band, 2);
    expect(drawn.map(([x, width]) => [x, width])).toEqual([
      [10.5, 1],
      [11.5, 0.5],
    ]);
    expect((drawn[1]?.[2] ?? 0) / (drawn[0]?.[2] ?? 1)).toBeCloseTo(2);
    expect(pen.globalAlpha).toBe(1);
  });
});

describe("where in time a row has its weight", () => {
  it("is the shortest stretch with most of it, and the mean", () => {
    const weights = new Float32Array(250);
    weights.set([0.1, 0.3, 0.3, 0.1], 100);
    weights[10] = 0.2;
    const found = rowTimes(weights, frames(5), new Set());
    expect(found?.most[0]).toBeCloseTo(2);
    expect(found?.most[1]).toBeCloseTo(2.06);
    expect(found?.share).toBeCloseTo(0.7);
    expect(found?.expectation).toBeCloseTo(0.2 * 0.21 + 0.1 * 2.01 + 0.3 * 2.03 + 0.3 * 2.05 + 0.1 * 2.07);
  });

  it("leaves sinks out, and says how much they have", () => {
    const weights = Float32Array.of(0.6, 0, 0.4, 0);
    const found = rowTimes(weights, frames(0.08), new Set([0]));
    expect(found?.most).toEqual([0.04, 0.06]);
    expect([found?.share, found?.resting]).toEqual([1, expect.closeTo(0.6)]);
    expect(rowTimes(weights, frames(0.08), new Set([0, 2]))).toBeNull();
    expect(rowTimes(new Float32Array(4), frames(0.08), new Set())).toBeNull();
  });
});

describe("the words under a sound", () => {
  const tokens = { pieces: ["<s>", "the", " bank", "</s>"], special: [true, false, false, true] };
  const spoken = [
    [1, 2, 0.1, 0.3, "the"],
    [2, 3, 0.3, 0.9, " bank"],
  ] as const;

  it("are those of the text, and the one that is the query", () => {
    const lanes = lanesOf(tokens, ["<s>", "the", "bank", "</s>"], [2, 3], saidBy(spoken, null));
    expect(lanes.map(({ token, label, said }) => [token, label, said])).toEqual([
      [1, "the", [0.1, 0.3]],
      [2, "bank", [0.3, 0.9]],
    ]);
    const special = lanesOf(tokens, ["<s>", "the", "bank", "</s>"], [3, 4], saidBy(undefined, null));
    expect(special.map(({ token }) => token)).toEqual([1, 2, 3]);
  });

  it("are said when their tokens are, where several are one word", () => {
    const said = saidBy(spoken, [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect([said(2), said(3)]).toEqual([[0.3, 0.9], null]);
  });

  it("are scrolled to, and not when they are in sight", () => {
    expect(scrolledTo(3, 20, 0, 100)).toBe(0);
    expect(scrolledTo(9, 20, 0, 100)).toBe(120);
    expect(scrolledTo(2, 20, 100, 100)).toBe(20);
    expect(scrolledTo(-1, 20, 44, 100)).toBe(44);
  });

  it("have exact rows: of a pooled map from tiles, or none yet", () => {
    const map = { pooling: 3, keys: 200, queries: 4, values: new Float32Array(400).fill(9) } as never;
    const tiled = { name: "m", size: { queries: 4, keys: 200 }, request: {} } as never;
    const tile = (columns: readonly [number, number]) => ({
      rows: [0, 4] as const,
      columns,
      precise: false,
      values: Float32Array.from({ length: 4 * (columns[1] - columns[0]) }, (_, at) => at + columns[0]),
    });
    const both = rowsOf(map, tiled, { block: (_, { columns }) => tile(columns) });
    expect(both(1)?.[127]).toBe(128 + 127);
    expect(both(1)?.[128]).toBe(72 + 128);
    const half = rowsOf(map, tiled, {
      block: (_, { columns }) => (columns[0] === 0 ? tile(columns) : undefined),
    });
    expect(half(1)).toBeNull();
    expect(wantedRows(map, [0, 4])).toEqual({ rows: [0, 4], columns: [0, 200] });
  });

  it("are as strong as the strongest of all of them, where tones are stretched", () => {
    const rows = (query: number) => [Float32Array.of(0.9, 0.1), Float32Array.of(0.2, 0.4)][query] ?? null;
    const lanes = [{ token: 0 }, { token: 1 }];
    expect(fullOfLanes({ sinks: new Set([0]) }, lanes, rows, "stretch")).toBeCloseTo(0.4);
    expect(fullOfLanes({ sinks: new Set() }, lanes, rows, 0.5)).toBe(0.5);
  });
});

describe("a span of a sound", () => {
  it("is named by when it begins and ends", () => {
    const tokens = { pieces: frames(1).map(([start]) => `${start.toFixed(2)} s`), times: frames(1) } as never;
    expect(spanLabel(tokens, [10, 20])).toBe("0.20–0.40 s");
    expect(spanLabel(tokens, [10, 11])).toBe("0.20 s");
  });
});

describe("what is said beside a sound", () => {
  const sound = { seconds: 4.656, read: 30, note: "" } as SoundTold;

  it("tells what is padding, and how much of the row lies on it", () => {
    expect(noteOf(sound, 0.312)).toBe(
      "4.66 s · the model reads 30 s: behind the sound is padding, which has 0.31 of this row",
    );
    expect(noteOf({ ...sound, read: 4.656, note: "4.66 s at 8,000 samples a second" }, undefined)).toBe(
      "4.66 s at 8,000 samples a second",
    );
  });
});

describe("a file that comes with an answer", () => {
  it("is taken only as what it is asked for", async () => {
    const buffer = Uint8Array.of(1, 2, 3).buffer;
    const sound = readSound({ type: "audio/wav" }, buffer);
    expect([sound.type, sound.size]).toEqual(["audio/wav", 3]);
    expect(() => readSound({ type: "text/html" }, buffer)).toThrow("its sound");
    expect(() => readSpectrogram({ type: "image/png" }, undefined)).toThrow("its spectrogram");
    expect(readSpectrogram({ type: "image/png" }, new Uint8Array(buffer, 1)).size).toBe(2);
    expect(readUploaded("sound:a", " Hello.")).toEqual({ name: "sound:a", pair: " Hello." });
    expect(readUploaded("picture:a", undefined)).toEqual({ name: "picture:a" });
    expect(() => readUploaded(undefined, "")).toThrow("does not name");
  });
});

describe("another sound", () => {
  it("is one step with what is said of it, back and forth", () => {
    const { session } = open({ text: "sound:a", pair: " One." });
    session.exchange("sound:b", " Two.");
    const written = () => [session.traits.text.peek(), session.traits.pair.peek()];
    expect(written()).toEqual(["sound:b", " Two."]);
    session.travel("undo", "all");
    expect(written()).toEqual(["sound:a", " One."]);
    session.travel("redo", "all");
    expect(written()).toEqual(["sound:b", " Two."]);
  });
});

describe("the axis", () => {
  it("has a tick where there is room for one", () => {
    expect(ticksOf({ left: 0, width: 900, seconds: 4.6 }).map(({ label }) => label)).toEqual(
      Array.from({ length: 10 }, (_, at) => `${(at / 2).toFixed(1)} s`),
    );
    expect(ticksOf({ left: 0, width: 300, seconds: 30 }).map(({ time }) => time)).toEqual([0, 10, 20, 30]);
    expect(ticksOf({ left: 0, width: 300, seconds: 0.1 })[1]?.label).toBe("0.02 s");
  });
});

describe("the ink", () => {
  it("is opaque where it is loud, and lets through what is behind it where it is quiet", () => {
    const { data } = inkPixels(
      { width: 2, height: 1, data: Uint8ClampedArray.of(0, 0, 0, 255, 255, 255, 255, 255) },
      [1, 2, 3],
    );
    expect([...data.slice(0, 4)]).toEqual([1, 2, 3, 0]);
    expect([...data.slice(4, 7)]).toEqual([1, 2, 3]);
    expect(data[7]).toBeGreaterThan(200);
  });
});
