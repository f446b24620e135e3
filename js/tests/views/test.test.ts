// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeEvidence } from "../../dev/fake-heads";
import { howKnown } from "../../src/focus/effect-words";
import { followHeads } from "../../src/heads/metrics";
import { shadesIn } from "../../src/heads/picture";
import { effectsShown, searchOf } from "../../src/heads/search";
import { effectSaid, effectShades } from "../../src/heads/shades";
import { contrast, palette, type Rgb, rgbOf } from "../../src/lib/colour";
import { shortEffect } from "../../src/lib/format";
import { curveLooks } from "../../src/views/test/curves";
import { curvesScene } from "../../src/views/test/curves-scene";
import { evidenceCsv } from "../../src/views/test/figure";
import { testPicture } from "../../src/views/test/picture";
import { cellText, columnsOf, isAbsolute, measuredOf, rowsOf } from "../../src/views/test/rows";
import {
  cellRect,
  haveRoom,
  revealRow,
  rowRect,
  spotAt,
  testScene,
  wholeScene,
} from "../../src/views/test/scene";
import { evidenceInWords, spotInWords } from "../../src/views/test/words";
import { type Effects, readEffects } from "../../src/wire/effects";
import { type Evidence, readEvidence } from "../../src/wire/experiments/evidence";
import { ok, open } from "../opened";

const pieces = ["The", " capital", " of", " France", " is", " Paris", "."];

function evidence(change: Partial<Evidence> = {}): Evidence {
  const { told, values } = fakeEvidence(pieces, pieces.length - 1);
  return { ...readEvidence(told, values.buffer), ...change };
}

const measure = (text: string) => text.length * 6;
const light = palette(false, "Test");

function table(width: number, tallest: number | undefined, unfolded = false, nulls = true) {
  const found = evidence();
  const columns = columnsOf(found, nulls);
  const rows = rowsOf(found, unfolded);
  const given = { rows, places: found.places, columns, width, measure };
  return { found, columns, rows, given, scene: testScene({ ...given, tallest, offset: 0 }) };
}

describe("evidence from the kernel", () => {
  it("is read as one row of numbers for each method, and refused where they are not as many", () => {
    const { told, values } = fakeEvidence(pieces, pieces.length - 1);
    const found = readEvidence(told, values.buffer);
    expect(found.methods.map(({ values: own }) => own.length)).toEqual(told.methods.map(() => pieces.length));
    expect(found.methods[1]?.values[2]).toBe(values[pieces.length + 2]);
    expect(() => readEvidence(told, values.buffer.slice(4))).toThrow(
      "evidence of 6 methods, 7 places in 164 bytes",
    );
    expect(() => readEvidence(undefined, values.buffer)).toThrow("without its numbers");
  });
});

describe("the table", () => {
  it("has the words that are compared in their order, and the others apart, folded", () => {
    const { rows, found } = table(600, 400);
    expect(rows.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, null]);
    expect(rowsOf(found, true).map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, null, 0, 6]);
    expect(rows.at(-1)).toEqual({ place: null, text: `▸ not compared: ${found.left_out}` });
    const all = evidence({ places: found.places.map((place) => ({ ...place, kind: "" })) });
    expect(rowsOf(all, false)).toHaveLength(pieces.length);
  });

  it("has columns of what says nothing only where they are wished for, or have room", () => {
    const { found } = table(600, 400);
    expect(columnsOf(found, false).map(({ name }) => name)).toEqual([
      "attention",
      "norm",
      "gradient",
      "hide",
    ]);
    expect([haveRoom(6, 352), haveRoom(6, 632)]).toEqual([false, true]);
  });

  it.each([300, 352, 632, 900])(
    "stays within its width of %s, names and columns beside each other",
    (width) => {
      const { scene, columns } = table(width, 300, true);
      const last = cellRect(scene, 0, columns.length - 1);
      expect(last.x + last.width).toBeLessThanOrEqual(width + 0.01);
      expect(scene.left).toBeGreaterThanOrEqual(70);
      expect(cellRect(scene, 0, 0).x).toBe(scene.left);
    },
  );

  it("scrolls in whole rows between its headings and the rank agreement", () => {
    const { scene, given, rows } = table(632, 150, true);
    expect(scene.height).toBeLessThanOrEqual(150);
    expect((scene.bottom - scene.top) % 19).toBe(0);
    expect(scene.full).toBeGreaterThan(scene.height);
    expect([revealRow(scene, 0), revealRow(scene, rows.length - 1)]).toEqual([
      null,
      scene.full - scene.height,
    ]);
    const below = testScene({ ...given, tallest: 150, offset: 1e6 });
    expect(below.offset).toBe(scene.full - scene.height);
    expect(below.seen[1]).toBe(rows.length);
    expect(wholeScene(given).height).toBe(scene.full);
  });

  it("breaks no word of a heading: letters get smaller, then names shorter", () => {
    const { found } = table(600, 400);
    const method = found.methods[0] as Evidence["methods"][number];
    const columns = ["attention", "integrated gradients", "rollout"].map((title) => ({
      ...method,
      title,
      name: title.split(" ")[0] as string,
    }));
    const given = { rows: [], places: [], columns, tallest: 300, offset: 0, measure };
    const headings = (width: number) => {
      const scene = testScene({ ...given, width });
      return [scene.headingSize, ...scene.headings.map((lines) => lines.join("|"))];
    };
    expect(headings(400)).toEqual([10.5, "attention", "integrated|gradients", "rollout"]);
    expect(headings(82 + 3 * 62)).toEqual([10, "attention", "integrated|gradients", "rollout"]);
    expect(headings(70 + 3 * 50)).toEqual([11, "attn", "IG", "rollout"]);
  });

  it("finds what is under a point: headings, words, cells, and the rank agreement", () => {
    const { scene, rows } = table(632, undefined);
    const { x, y, width, height } = cellRect(scene, 2, 1);
    expect(spotAt(scene, x + width / 2, y + height / 2)).toEqual({ row: 2, column: 1 });
    expect(spotAt(scene, 5, rowRect(scene, 1).y + 1)).toEqual({ row: 1, column: null });
    expect(spotAt(scene, x + 1, 2)).toEqual({ row: null, column: 1 });
    expect(spotAt(scene, x + 1, scene.bottom + 2)).toEqual({ row: rows.length, column: 1 });
    expect([spotAt(scene, 5, 2), spotAt(scene, 2000, y), spotAt(scene, x, -1)]).toEqual([null, null, null]);
  });

  it("writes what is read as shares of the largest of its column, an effect in its unit with its sign", () => {
    expect([0.35, 0.113, 0.0004].map((value) => cellText(value, "reads", 0.35))).toEqual([
      "1.00",
      "0.32",
      "0",
    ]);
    expect([0.34, -0.6, 0.001].map((value) => cellText(value, "effect", 1))).toEqual(["+0.34", "−0.60", "0"]);
    expect(cellText(Number.NaN, "reads", 1)).toBe("");
    const { found } = table(600, 400);
    const hidden = measuredOf(found);
    expect(found.methods.map((method) => isAbsolute(method, hidden))).toEqual(
      found.methods.map(({ ramp }) => ramp === "effect"),
    );
    expect(isAbsolute({ ramp: "effect", unit: "length" }, hidden)).toBe(false);
  });

  it.each([false, true])(
    "has colours that its numbers can be read on, violet for what hurts; dark: %s",
    (dark) => {
      const colours = palette(dark, "Test");
      const found = evidence();
      const { cells, ranks, waiting } = testPicture(found, found.methods, colours);
      for (const each of cells.flat())
        if (each !== null) expect(contrast(rgbOf(each.fill), rgbOf(each.ink))).toBeGreaterThan(4.2);
      const hidden = found.methods.findIndex(({ name }) => name === "hide");
      found.methods[hidden]?.values.forEach((value, place) => {
        const fill = cells[hidden]?.[place]?.fill;
        if (fill === undefined || Math.abs(value) < 0.05) return;
        const [red, green, blue] = rgbOf(fill) as Rgb;
        expect(value > 0 ? Math.min(red, blue) > green : green >= Math.max(red, blue)).toBe(true);
      });
      expect(cells[0]?.at(-1)).toBeNull();
      expect(ranks).toEqual(["0.30", "0.10", "−0.10", "—", "−0.50", ""]);
      expect(waiting).toEqual(["", "", "", "", "", "–"]);
    },
  );
});

describe("the table in words", () => {
  it("says the question, what costs most, and what it comes to", () => {
    const found = evidence();
    const { sentence, columns, rows } = evidenceInWords(found);
    expect(sentence).toMatch(
      /^Why ' the' after token 6\. Hidden, these words cost it most, in nats: .+\. Attention and/,
    );
    expect(columns).toEqual(["Word", ...found.methods.slice(0, 5).map(({ title }) => title)]);
    expect(rows.map(([name]) => name)).toEqual([
      ...["capital #1", "of #2", "France #3", "is #4", "Paris #5"],
      "rank agreement",
    ]);
    expect(rows.at(-1)?.[1]).toBe(
      "0.30, 95 % interval −0.20 to 0.60, over 5 words; of the largest 40 % are the same",
    );
  });

  it("says what is under the pointer, exactly, and why a column is empty", () => {
    const { found, columns, rows } = table(632, 400);
    const said = (row: number | null, column: number | null) =>
      spotInWords(found, columns, rows, { row, column });
    const value = columns[0]?.values[3] as number;
    expect(said(2, 0)).toBe(`France #3: attention, mean of heads ${value.toFixed(4)} weight`);
    expect(said(2, null)).toBe("France #3");
    expect(said(null, 5)).toBe("null: untrained copy: The demo has no copies.");
    expect(said(rows.length, 3)).toBe("hide the word · what the others are compared with");
    const early = {
      ...found,
      methods: found.methods.map((one) => ({ ...one, done: false, values: one.values.fill(Number.NaN) })),
    };
    expect(spotInWords(early, early.methods, rows, { row: 2, column: 0 })).toMatch(/not measured yet$/);
  });

  it("is taken along with all its digits, special signs and all", () => {
    const found = evidence();
    const lines = evidenceCsv(found).split("\r\n");
    expect(lines[0]).toBe('word,token,count,kind,"attention","norm","gradient","hide","uniform"');
    expect(lines[2]).toBe(
      `" capital",1,1,,${found.methods
        .slice(0, 5)
        .map(({ values }) => values[1])
        .join(",")}`,
    );
    expect(lines[7]).toBe('".",6,1,after,,,,,');
    expect(lines[8]).toMatch(/^"rank agreement rho",,,,0\.3,0\.0999/);
  });
});

describe("the curves", () => {
  const { curves } = evidence();
  if (curves === null) throw new Error("the demo has curves");

  it("begin together, fall with the answer, and have their names apart from each other", () => {
    const scene = curvesScene(curves, 240, 150);
    const [first, ...others] = [...scene.lines, scene.random].map(({ points }) => points[0]);
    for (const other of others) expect(other).toEqual(first);
    const [hide] = scene.lines;
    expect(hide?.points.map(({ x }) => x)).toEqual(
      [...(hide?.points ?? [])].map(({ x }) => x).sort((a, b) => a - b),
    );
    expect(hide?.points.at(-1)?.y).toBe(scene.bottom);
    expect(first?.y).toBe(scene.top);
    const labels = [...scene.lines, scene.random].map(({ label }) => label.y).sort((a, b) => a - b);
    for (let at = 1; at < labels.length; at++)
      expect((labels[at] as number) - (labels[at - 1] as number)).toBeGreaterThanOrEqual(12.9);
    expect(scene.down.map(({ text }) => text)).toEqual(["−0.40", "−2.0"]);
  });
});

describe("the looks of the curves", () => {
  const named = [
    ["attention", "reads"],
    ["norms", "reads"],
    ["rollout", "reads"],
    ["gradient", "effect"],
    ["integrated", "effect"],
    ["estimate", "effect"],
    ["hide", "effect"],
  ] as const;
  const [first] = evidence().methods;
  if (first === undefined) throw new Error("the demo has methods");
  const methods = named.map(([name, ramp]) => ({ ...first, name, title: name, ramp }));

  it.each([light, palette(true, "Test")])("tell all lines apart, in the colours of the table", (inks) => {
    const looks = curveLooks({ methods }, inks);
    const told = named.map(([name]) => `${looks[name]?.colour} ${looks[name]?.dash}`);
    expect(new Set(told).size).toBe(named.length);
    const strong = { reads: inks.reads.strong, effect: inks.effectHelps.strong };
    for (const [name, ramp] of named.slice(0, -1)) expect(looks[name]?.colour).toBe(strong[ramp]);
    expect(looks.hide).toEqual({ colour: inks.effectHurts.strong, dash: [], title: "hiding" });
  });
});

describe("the grid by effect", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const effects = (values: readonly number[], change: Partial<Effects> = {}): Effects => ({
    ...{ name: "heads", unit: "nats", low: -1, high: 1, recipe: "silenced", layers: 1, heads: values.length },
    ...{ labels: null, exact: false, answer: null, values: Float32Array.from(values) },
    agreement: { rho: 0.93, low: 0.8, high: 0.98, top: 0.8, of: 12 },
    ...change,
  });

  it("has violet for what hurts, grey-teal for what helps, and full tone for none that is small", () => {
    const { cells } = effectShades(effects([0.34, -0.6, 0, Number.NaN]), light);
    expect(cells.map((cell) => cell?.text)).toEqual(["+.34", "−.60", "", undefined]);
    expect(contrast(rgbOf(cells[2]?.fill ?? "#000000"), [255, 255, 255])).toBeLessThan(1.01);
    const small = effectShades(effects([0.001]), light).cells[0];
    expect(contrast(rgbOf(small?.fill ?? "#000000"), [255, 255, 255])).toBeLessThan(1.2);
    expect([0.34, -1.23, 12.3, 0.004].map(shortEffect)).toEqual(["+.34", "−1.2", "+12", ""]);
    expect(effectSaid(0.34, { unit: "nats", exact: true })).toBe("silenced, the answer loses 0.34 nats");
    expect(effectSaid(-0.6, { unit: "nats", exact: false })).toBe(
      "silenced, the answer gains about 0.60 nats",
    );
  });

  it("is read as a metric is, with how it is known", () => {
    const { values, ...told } = effects([1, 2]);
    const found = readEffects(told, values.buffer as ArrayBuffer);
    expect([found.exact, found.agreement?.of, [...found.values]]).toEqual([false, 12, [1, 2]]);
  });

  it("estimates at once, and measures when it is asked to, of this text and this answer alone", async () => {
    const { session, asked, frames, life } = open();
    session.about.value = { model: { predicts: "next token" }, metrics: [] } as never;
    const wanted = () =>
      asked.map(({ request }) => request).filter(({ kind }) => kind === "effects") as {
        exact?: true;
        question?: object;
      }[];
    followHeads(session, life.signal);
    await frames()
      .at(-1)
      ?.answer({ ...ok(), reading: "a" });
    await vi.advanceTimersByTimeAsync(200);
    expect(wanted()).toHaveLength(0);
    searchOf(session).shade.value = "effect";
    await vi.advanceTimersByTimeAsync(200);
    expect(wanted()).toMatchObject([{ name: "heads", part: "self", reading: "a" }]);
    const answer = (reply: Effects) => asked.at(-1)?.answer({ status: "ok", reading: "a", reply });
    await answer(effects([0.3, -0.2, 0.1]));
    const known = () => effectsShown(session);
    expect(howKnown(known() as never)).toBe("estimate by gradient, rank agreement with 12 exact ones 0.93");
    expect(shadesIn(session, light)?.cells.map((cell) => cell?.text)).toEqual(["+.30", "−.20", "+.10"]);

    session.effects.measure("heads", true);
    await vi.advanceTimersByTimeAsync(200);
    expect(wanted().map(({ exact }) => exact)).toEqual([undefined, true]);
    const asking = asked.at(-1)?.asking as { readonly onPartial?: (part: object) => void } | undefined;
    asking?.onPartial?.({
      status: "ok",
      reading: "a",
      reply: effects([0.4, Number.NaN, Number.NaN], { exact: true }),
    });
    expect([...(known()?.effects.values ?? [])].map((value) => value.toFixed(1))).toEqual([
      "0.4",
      "-0.2",
      "0.1",
    ]);
    expect(howKnown(known() as never)).toBe("1 of 3 exact, the others estimated by gradient");
    await answer(effects([0.4, -0.1, 0.2], { exact: true, agreement: null }));
    expect(howKnown(known() as never)).toBe("exact");

    session.setQuestion({ answer: " Lyon", rather: null, at: 1 });
    await vi.advanceTimersByTimeAsync(200);
    expect(session.effects.measuring("heads")).toBe(false);
    expect(wanted().slice(2)).toMatchObject([{ question: { answer: " Lyon", rather: null, at: 1 } }]);
    life.abort();
  });

  it("is not there for a model that gives no answer", async () => {
    const { session, life } = open();
    session.about.value = { model: { predicts: null }, metrics: [] } as never;
    searchOf(session).shade.value = "effect";
    expect([session.answers.value, effectsShown(session)]).toEqual([false, null]);
    life.abort();
  });
});
