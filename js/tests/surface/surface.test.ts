// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Field } from "../../src/focus/fields";
import { heatNote } from "../../src/surface/Legend";
import { markLook } from "../../src/surface/looks";
import { paintMarks } from "../../src/surface/paint";
import { TextSurface } from "../../src/surface/text-surface";
import { unmarked } from "./unmarked";

const letter = 10;
const line = 32;
const perLine = 8;

/** A page on which every letter is a box, and a line has eight of them. */
function layOut() {
  vi.spyOn(Range.prototype, "getClientRects").mockImplementation(function (this: Range) {
    const boxes: DOMRect[] = [];
    for (let at = this.startOffset; at < this.endOffset; ) {
      const row = Math.floor(at / perLine);
      const stop = Math.min(this.endOffset, (row + 1) * perLine);
      boxes.push(new DOMRect(100 + (at % perLine) * letter, 50 + row * line, (stop - at) * letter, 21));
      at = stop;
    }
    return boxes as unknown as DOMRectList;
  });
}

function surface(words: readonly string[]) {
  const host = document.createElement("div");
  host.getBoundingClientRect = () => new DOMRect(100, 45, 80, 300);
  Object.defineProperty(host, "offsetWidth", { value: 80 });
  const text = words.join("");
  host.append(Object.assign(document.createElement("span"), { className: "aw-words", textContent: text }));
  document.body.append(host);
  let start = 0;
  const segments = words.map((text, token) => {
    const from = start;
    start += text.length;
    const mark = text.trim() === "" ? null : { tokens: [token], start: from, stop: start };
    return { text, mark };
  });
  const made = new TextSurface(host);
  made.lay({ segments, chips: { leading: [], trailing: [] } } as unknown as Field);
  return made;
}

beforeEach(layOut);
afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

describe("the surface of a text", () => {
  it("knows where a token stands, in as many rectangles as it has lines", () => {
    const { rects } = spread(surface(["The", " ", "river", "banks"]));
    expect(rects(0)).toEqual([{ x: 0, y: 2, width: 30, height: 27 }]);
    expect(rects(2)).toEqual([
      { x: 40, y: 2, width: 40, height: 27 },
      { x: 0, y: 34, width: 10, height: 27 },
    ]);
    expect(rects(1)).toEqual([]);
  });

  it("finds the token at a place, and none between two", () => {
    const made = surface(["The", " ", "river", "banks"]);
    expect(made.hit(5, 10)).toBe(0);
    expect(made.hit(35, 10)).toBeNull();
    expect(made.hit(79, 10)).toBe(2);
    expect(made.hit(5, 40)).toBe(2);
    expect(made.hit(15, 40)).toBe(3);
    expect(made.hit(15, 400)).toBeNull();
  });

  it("reads the page only for what is in sight, and once", () => {
    const words = Array.from({ length: 4000 }, (_, index) => `word${index % 10}   `);
    const made = surface(words);
    const read = vi.mocked(Range.prototype.getClientRects);
    const seen = made.between(100 * line, 104 * line);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.length).toBeLessThan(7);
    expect(read.mock.calls.length).toBeLessThan(40);
    const before = read.mock.calls.length;
    for (const each of seen) made.rectsOf(each);
    made.between(100 * line, 104 * line);
    expect(read.mock.calls.length - before).toBeLessThanOrEqual(seen.length);
  });

  it("has no places while its text is not on the page", () => {
    const made = surface(["The"]);
    document.querySelector(".aw-words")?.remove();
    expect(made.rects(0)).toEqual([]);
    expect(made.hit(5, 10)).toBeNull();
  });
});

function spread(made: TextSurface) {
  return { rects: (token: number) => made.rects(token) };
}

const inks = {
  mark: "mark",
  stripe: "stripe",
  ring: "ring",
  text: "text",
  changed: "changed",
  more: "more",
  less: "less",
  hurts: "hurts",
  helps: "helps",
};
const rects = [{ x: 10, y: 20, width: 30, height: 27 }];

/** Notes what is filled and what is stroked, with what. */
function notes() {
  const done: string[] = [];
  const pen: Record<string, unknown> = { globalAlpha: 1 };
  for (const name of ["beginPath", "roundRect", "moveTo", "lineTo", "save", "restore", "clip"])
    pen[name] = () => {};
  pen.fill = () => done.push(`fill ${pen.fillStyle} ${pen.globalAlpha}`);
  pen.fillRect = (_x: number, y: number) => done.push(`line ${pen.fillStyle} ${y}`);
  pen.stroke = () => done.push(`stroke ${pen.strokeStyle} ${pen.lineWidth}`);
  return { pen: pen as never, done };
}

describe("the note of a row", () => {
  const heat = (tones: readonly number[], peak: number, sinks: readonly number[] = []) => ({
    tones: Float32Array.from(tones),
    peak,
    full: 1,
    sinks: new Set(sinks),
    kept: null,
    less: null,
    effect: false,
  });

  it("says why no scale could give it colours of its own, and nothing else", () => {
    expect(heatNote(heat([0, 0], 0))).toBe("nothing is read here");
    expect(heatNote(heat([1], 1))).toBe("a single token takes all of it");
    expect(heatNote(heat([1, 0, 0], 0.0004, [0]))).toBe("this rests on sinks alone");
    expect(heatNote(heat([0.9, 0.1, 0], 0.01, [0]))).toBeNull();
    expect(heatNote(heat([0, 0, 0], 0.0004))).toBeNull();
  });
});

describe("the marks of a text", () => {
  it("have the ground of their tone, and a line on the side of the direction", () => {
    const { pen, done } = notes();
    paintMarks(pen, [{ ...unmarked, tone: 0.5, rects }], inks, false);
    paintMarks(pen, [{ ...unmarked, tone: 0.5, rects }], inks, true);
    expect(done).toEqual([
      ...["fill mark 0.6875", "line ring 46", "line ring 45"],
      ...["fill mark 0.6875", "line ring 20", "line ring 21"],
    ]);
  });

  it("have the colour of what hiding them does to the answer, and its line below where it hurts", () => {
    const { pen, done } = notes();
    for (const way of ["hurts", "helps"] as const)
      paintMarks(pen, [{ ...unmarked, tone: 0.5, way, rects }], inks, true);
    expect(done).toEqual([
      ...["fill hurts 0.6875", "line text 46", "line text 45"],
      ...["fill helps 0.6875", "line text 20", "line text 21"],
    ]);
  });

  it("are striped where the row rests, and nothing where it has no weight", () => {
    const { pen, done } = notes();
    paintMarks(
      pen,
      [
        { ...unmarked, rects },
        { ...unmarked, tone: 1, sink: true, rects },
      ],
      inks,
      false,
    );
    expect(done).toEqual(["stroke mark 3", "stroke stripe 3", "line ring 46", "line ring 45"]);
  });

  it("have one ring: of what is looked at, else of the query, else of what is pointed out", () => {
    const { pen, done } = notes();
    const all = { ...unmarked, query: true, marked: true, rects };
    paintMarks(
      pen,
      [
        { ...all, focus: true },
        { ...all, query: false },
      ],
      inks,
      false,
    );
    paintMarks(pen, [all], inks, false);
    expect(done).toEqual(["stroke ring 2", "stroke text 1.5", "stroke ring 1"]);
  });

  it("are struck through where they are hidden, and ringed where a chip names them, behind the rings of the query", () => {
    const { pen, done } = notes();
    paintMarks(pen, [{ ...unmarked, hidden: true, touched: true, query: true, rects }], inks, false);
    expect(done).toEqual(["stroke changed 2", "stroke changed 1.5", "stroke ring 1"]);
  });

  it("have one ring for a run of them on a line, and one more for what is looked at in it", () => {
    const { pen, done } = notes();
    const rings: number[][] = [];
    (pen as { roundRect: unknown }).roundRect = (...place: number[]) => rings.push(place.slice(0, 4));
    const at = (x: number, y: number) => ({
      ...unmarked,
      query: true,
      rects: [{ x, y, width: 30, height: 27 }],
    });
    const run = [at(10, 20), at(46, 20), at(10, 52)] as const;
    paintMarks(pen, [...run, { ...at(46, 52), query: false }, at(82, 52)], inks, false);
    expect(rings).toEqual([
      [9.5, 19.5, 67, 28],
      [9.5, 51.5, 31, 28],
      [81.5, 51.5, 31, 28],
    ]);
    paintMarks(
      pen,
      run.map((mark) => ({ ...mark, focus: true })),
      inks,
      false,
    );
    expect(done).toEqual([...Array(3).fill("stroke ring 1"), ...Array(2).fill("stroke ring 2")]);
    rings.length = 0;
    paintMarks(pen, [run[0], { ...run[1], focus: true }], inks, false);
    expect(rings.map(([x]) => x)).toEqual([9.5, 45]);
  });

  it("are as strong as the strongest of the tokens that share one", () => {
    const heat = {
      tones: Float32Array.of(0, 0.25, 0.75),
      peak: 1,
      full: 1,
      sinks: new Set([0, 2]),
      kept: null,
      less: null,
      effect: false,
    };
    const looks = {
      heat,
      pinned: [0, 1],
      focus: [1, 2],
      marked: 2,
      found: new Set([1, 2]),
      match: [2, 3],
      direction: "reads",
      hidden: new Set([0]),
      touched: new Set([2]),
      produced: new Set([1]),
      stale: true,
    } as const;
    expect(markLook(looks, [0])).toEqual({ ...unmarked, query: true, hidden: true });
    expect(markLook(looks, [1, 2])).toEqual({
      tone: 0.75,
      sink: true,
      way: null,
      query: false,
      focus: true,
      marked: true,
      found: "current",
      hidden: false,
      touched: true,
      produced: "stale",
    });
    expect(markLook({ ...looks, stale: false }, [1]).produced).toBe("fresh");
    expect(markLook(looks, [1]).found).toBe("match");
    expect(markLook({ ...looks, heat: null }, [1]).tone).toBe(0);
    const effects = { ...looks, heat: { ...heat, effect: true, less: new Set([1]) } };
    expect([[1], [2], [1, 2]].map((tokens) => markLook(effects, tokens).way)).toEqual([
      "helps",
      "hurts",
      "hurts",
    ]);
  });
});
