import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { census, find } from "../../src/heads/found";
import { likeness } from "../../src/heads/HeadFacts";
import { followHeads, metricAt, metricIn, metricSoFar, refusalAt, similarAt } from "../../src/heads/metrics";
import { shadesIn } from "../../src/heads/picture";
import { gridScene, headAt, headRect } from "../../src/heads/scene";
import { searchOf } from "../../src/heads/search";
import { scaleOf, shadesOf, shortNumber, spokenName } from "../../src/heads/shades";
import { modelInWords, namelessOf, ofHeads, pooled } from "../../src/heads/words";
import { palette } from "../../src/lib/colour";
import { type Metric, readMetric } from "../../src/wire/metric";
import { ok, open } from "../opened";

const counts = [2, 0, 3];
const nothing = Number.NaN;

function metric(values: readonly number[], labels: Metric["labels"] = null): Metric {
  const unit = labels === null ? "nats" : "score";
  const low = Math.min(...values.filter((value) => !Number.isNaN(value)));
  const high = Math.max(...values.filter((value) => !Number.isNaN(value)));
  const told = { name: "entropy", unit, low, high, recipe: "", layers: 3, heads: 3, labels };
  return { ...told, values: Float32Array.from(values) };
}

const numbers = metric([0.5, 2, nothing, nothing, nothing, nothing, 2, nothing, 1]);
const names = metric(
  [0.9, 0.5, nothing, nothing, nothing, nothing, nothing, 0.7, nothing],
  [
    ["induction", "offset -3", ""],
    ["", "", ""],
    ["no single pattern", "offset +2", ""],
  ],
);
const search = { lowest: false, top: 0, only: null };
const heads = (found: ReturnType<typeof find>) => found.heads.map(({ layer, head }) => `${layer}.${head}`);

describe("finding heads", () => {
  it("puts the highest first, of equals the first, and leaves out those without a number", () => {
    const found = find(numbers, counts, search);
    expect(heads(found)).toEqual(["0.1", "2.0", "2.2", "0.0"]);
    expect(found.kept).toBeNull();
  });

  it("keeps so many, from either end", () => {
    expect(heads(find(numbers, counts, { ...search, top: 2 }))).toEqual(["0.1", "2.0"]);
    const lowest = find(numbers, counts, { ...search, top: 2, lowest: true });
    expect(heads(lowest)).toEqual(["0.0", "2.2"]);
    expect(lowest.kept).toEqual(new Set(["L0H0", "L2H2"]));
    expect(find(numbers, counts, { ...search, top: 99 }).kept).toBeNull();
  });

  it("keeps the heads of one pattern, offsets of any distance together", () => {
    expect(heads(find(names, counts, search))).toEqual(["0.0", "2.1", "0.1"]);
    const nameless = find(names, counts, { ...search, only: "no single pattern" });
    expect([heads(nameless), nameless.kept]).toEqual([["2.0"], new Set(["L2H0"])]);
    const offsets = find(names, counts, { ...search, only: "offset" });
    expect(heads(offsets)).toEqual(["2.1", "0.1"]);
    expect(offsets.kept).toEqual(new Set(["L2H1", "L0H1"]));
  });

  it("lists what few heads do before what most do, of one kind the best first", () => {
    const labels = [["first token", "first token", "first token", "induction", "offset -1", "offset -2"]];
    const found = find({ ...metric([0.9, 1, 0.8, 0.4, 0.3, 0.5], labels), heads: 6 }, [6], search);
    expect(heads(found)).toEqual(["0.3", "0.5", "0.4", "0.1", "0.0", "0.2"]);
  });

  it("counts patterns, most first, and what has no name last", () => {
    expect(census(names, counts)).toEqual([
      { label: "offset", count: 2 },
      { label: "induction", count: 1 },
      { label: "no single pattern", count: 1 },
    ]);
  });
});

describe("all heads in words", () => {
  it("count patterns, or name those who lead", () => {
    expect(ofHeads(names, counts, search, "pattern")).toMatchObject({
      sentence: "3 layers, 5 heads; by pattern: offset 2, induction 1, no single pattern 1",
      columns: ["Head", "Pattern", "Score"],
    });
    const lowest = ofHeads(numbers, counts, { ...search, lowest: true }, "entropy");
    expect(lowest.sentence).toBe("3 layers, 5 heads; lowest entropy: L0H0 0.50, L2H2 1.00, L0H1 2.00 …");
    expect(lowest.rows[0]).toEqual(["L0H0", "0.50"]);
  });
});

describe("shades", () => {
  const light = palette(false, "sans");

  it("go from the least to the largest number, and are none where there is none", () => {
    const { cells, heads: wide } = shadesOf(numbers, light.reads.ramp, light);
    expect(wide).toBe(3);
    expect(cells[0]?.fill).toBe("#ffffff");
    expect(cells[1]?.fill).toBe("#5c1f04");
    expect(cells[1]?.ink).toBe("#ffffff");
    expect(cells[2]).toBeNull();
  });

  it("say what a pattern's score is in itself", () => {
    expect(scaleOf({ ...numbers, unit: "score", low: 0.01, high: 0.03 })).toEqual({ low: 0, high: 1 });
  });

  it("name patterns by a short word and in full", () => {
    const { cells } = shadesOf(names, light.reads.ramp, light);
    expect(cells.slice(0, 2).map((cell) => cell?.text)).toEqual(["ind", "−3"]);
    expect(cells[0]?.said).toBe("induction, score 0.90");
    expect(cells[6]?.said).toBe("no single pattern");
    expect(cells[0]?.fill).not.toBe(cells[1]?.fill);
    expect(cells[2]).toBeNull();
  });

  it("write numbers as short as their cell", () => {
    expect(shortNumber(0.264, "share")).toBe(".26");
    expect(shortNumber(1.94, "nats")).toBe("1.9");
    expect(shortNumber(5.14, "tokens")).toBe("5.1");
    expect(shortNumber(0.001, "score")).toBe("0");
    expect(spokenName("offset -3", 0.5)).toBe("offset −3, score 0.50");
  });
});

describe("heads without a name", () => {
  it("are counted in a sentence that says why, and none is said where all have one", () => {
    expect(namelessOf(names, counts)).toMatch(/^1 of 4 heads fit no single pattern: /);
    const all = metric([0.9, 0.5], [["induction", "offset -3"]]);
    expect(namelessOf({ ...all, heads: 2 }, [2])).toBeNull();
  });
});

describe("the grown grid", () => {
  it("of a deep model fills the width while three layers are in sight, and scrolls", () => {
    const deep = { largest: 160, height: 270, fair: 56, inSight: 3 };
    const scene = gridScene(Array(30).fill(9), 680, deep);
    const last = headRect(scene, 0, 8);
    expect(680 - last.x - last.width).toBeLessThan(scene.pitch);
    expect(gridScene(Array(30).fill(9), 1800, deep).pitch).toBe(82);
    expect(gridScene(Array(30).fill(9), 400, deep).pitch).toBeLessThan(56);
  });

  const room = { largest: 160, height: 700, fair: 30 };
  it.each([
    [Array(12).fill(12), 560],
    [Array(12).fill(12), 1150],
    [Array(32).fill(32), 560],
    [Array(2).fill(4), 560],
    [Array(48).fill(25), 440],
  ] as const)(
    "of %j fits a width of %i, and the height of the room unless cells would be too small to look at",
    (model, width) => {
      const scene = gridScene(model, width, room);
      const last = headRect(scene, model.length - 1, Math.max(...model) - 1);
      expect(last.x + last.width).toBeLessThanOrEqual(width);
      expect(scene.height).toBeLessThanOrEqual(Math.max(700, 20 + 33 * model.length));
      expect(headAt(scene, last.x + 1, last.y + 1)).toEqual({
        layer: model.length - 1,
        head: Math.max(...model) - 1,
      });
    },
  );
});

describe("a metric on the wire", () => {
  const told = {
    name: "entropy",
    unit: "nats",
    low: 0,
    high: 1,
    recipe: "r",
    layers: 1,
    heads: 2,
    labels: null,
  };
  it("is read, from bytes that are not aligned too", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(0.5, 1).buffer), 1);
    expect([...readMetric(told, bytes.subarray(1)).values]).toEqual([0.5, 1]);
  });

  it("is refused when its numbers or names are of other heads", () => {
    expect(() => readMetric(told, new ArrayBuffer(4))).toThrow("in 4 bytes");
    expect(() => readMetric({ ...told, labels: [["a"]] }, new ArrayBuffer(8))).toThrow("names");
    expect(() => readMetric(undefined, undefined)).toThrow("without");
  });

  it("calls heads without a single pattern as it does now, whatever they were called", () => {
    const { labels } = readMetric({ ...told, labels: [["heterogeneous", "offset -3"]] }, new ArrayBuffer(8));
    expect(labels).toEqual([["no single pattern", "offset -3"]]);
  });

  it("has a likeness that is larger the more alike two heads are", () => {
    expect([0, Math.LN2 / 4, Math.LN2, 0.7].map(likeness)).toEqual([1, 0.75, 0, 0]);
  });
});

describe("what is asked of all heads", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const entropy = {
    name: "entropy",
    unit: "nats",
    low: 0,
    high: 1,
    recipe: "",
    layers: 1,
    heads: 2,
    labels: null,
  };
  const reply = { status: "ok", reply: { ...entropy, values: Float32Array.of(0, 1) } };

  async function opened() {
    const found = open();
    followHeads(found.session, found.life.signal);
    const kinds = () =>
      found.asked.map(({ request }) => request.kind).filter((kind) => /metric|similar/.test(kind));
    await found.frames()[0]?.answer(ok());
    return { ...found, kinds };
  }

  it("waits until nothing else goes on, then names the heads and finds the neighbours of the pinned one", async () => {
    const { asked, kinds, session, life } = await opened();
    expect(kinds()).toEqual([]);
    await vi.advanceTimersByTimeAsync(600);
    expect(asked.at(-1)?.request).toMatchObject({ kind: "metric", name: "pattern", text: "The river bank" });
    await asked.at(-1)?.answer(reply);
    expect(metricAt(session, "pattern")?.values[1]).toBe(1);
    await vi.advanceTimersByTimeAsync(600);
    expect(asked.at(-1)?.request).toMatchObject({ kind: "similar", layer: 0, head: 0, count: 5 });
    await asked.at(-1)?.answer({ status: "ok", reply: { layer: 0, head: 0, nearest: [], recipe: "" } });
    expect(similarAt(session, { layer: 0, head: 0 })).not.toBeNull();
    await vi.advanceTimersByTimeAsync(5000);
    expect(kinds()).toEqual(["metric", "similar"]);
    life.abort();
  });

  it("is not asked while somebody types", async () => {
    const { session, kinds, life } = await opened();
    session.edit("The river banks", [15, 15], 0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(kinds()).toEqual([]);
    life.abort();
  });

  it("is asked at once where it is looked at, and again when it gave way", async () => {
    const { session, asked, kinds, life } = await opened();
    searchOf(session).choose("entropy");
    searchOf(session).shade.value = "values";
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.at(-1)?.request).toMatchObject({ kind: "metric", name: "entropy" });
    await asked.at(-1)?.answer({ status: "superseded" });
    expect(kinds().length).toBe(1);
    await vi.advanceTimersByTimeAsync(600);
    expect(kinds().length).toBe(2);
    await asked.at(-1)?.answer(reply);
    expect(metricAt(session, "entropy")).not.toBeNull();
    life.abort();
  });

  it("is shown layer by layer, and ranked when it is whole", async () => {
    const { session, asked, life } = await opened();
    searchOf(session).choose("entropy");
    searchOf(session).shade.value = "values";
    await vi.advanceTimersByTimeAsync(100);
    const told = { ...entropy, layers: 2, heads: 1 };
    const first = { ...told, recipe: "so far 1 of 2 layers", values: Float32Array.of(1, Number.NaN) };
    asked.at(-1)?.asking?.onPartial?.({ status: "ok", id: "1", reply: first } as never);
    const colours = palette(false, "sans");
    const cells = () => shadesIn(session, colours)?.cells.map((cell) => cell?.text ?? null);
    expect(cells()).toEqual(["1.0", null]);
    expect(metricSoFar(session, "entropy")?.recipe).toMatch(/so far/);
    expect([metricAt(session, "entropy"), metricIn(session), modelInWords(session)]).toEqual([
      null,
      null,
      null,
    ]);
    await asked.at(-1)?.answer({ status: "ok", reply: { ...told, values: Float32Array.of(1, 0.5) } });
    expect(cells()).toEqual(["1.0", "0.5"]);
    expect(metricIn(session)?.values.length).toBe(2);
    life.abort();
  });

  it("is not asked again when it was refused, until there is another frame", async () => {
    const { session, asked, frames, kinds, life } = await opened();
    searchOf(session).choose("written");
    session.setView("model");
    await vi.advanceTimersByTimeAsync(100);
    await asked.at(-1)?.answer({ status: "error", problem: { code: "bad_request", message: "No values." } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(refusalAt(session, "written")).toBe("No values.");
    expect(
      asked.filter(({ request }) => request.kind === "metric" && request.name === "written").length,
    ).toBe(1);
    expect(kinds().length).toBeGreaterThan(1);
    session.moveCaret([1, 1]);
    await frames()[1]?.answer(ok());
    expect(refusalAt(session, "written")).toBeNull();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.at(-1)?.request).toMatchObject({ kind: "metric", name: "written" });
    life.abort();
  });
});

describe("the caption of the small maps", () => {
  it("says what they leave out, and nothing where they are whole", () => {
    const of = (tokens: number, rows: number) =>
      pooled({
        header: { tokens: { pieces: Array(tokens).fill("a") } },
        thumbnails: { shape: [1, 2, rows, rows] },
      } as never);
    expect(of(26, 26)).toBe("");
    expect(of(147, 32)).toBe("; the largest weight of each cell");
    expect(of(193, 32)).toContain("sampled queries");
  });
});
