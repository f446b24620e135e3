import { describe, expect, it, vi } from "vitest";
import { fitted, labelStep, thinLabels } from "../../src/drawing/labels";
import { layoutOf } from "../../src/explorer/layout";
import { underGrid } from "../../src/heads/balance";
import {
  aroundGrid,
  gridBeside,
  gridScene,
  headAt,
  headRect,
  heightInSight,
  sightOf,
} from "../../src/heads/scene";
import { type MatrixInput, matrixHit, matrixScene } from "../../src/matrix/scene";

const heads = (layers: number, count: number) => Array<number>(layers).fill(count);

describe("the grid of heads", () => {
  it.each([
    [4, 4, 358],
    [12, 12, 358],
    [32, 32, 358],
    [6, 12, 566],
    [2, 1, 200],
    [24, 40, 300],
  ])("%i x %i fills %i px without touching the border", (layers, count, width) => {
    const scene = gridScene(heads(layers, count), width);
    const last = headRect(scene, layers - 1, count - 1);
    expect(last.x + last.width).toBeLessThanOrEqual(width - 2);
    expect(last.y + last.height).toBeLessThanOrEqual(scene.height - 2);
    expect(scene.cell).toBeLessThanOrEqual(84);
    const unused = width - (last.x + last.width);
    if (scene.cell < 84) expect(unused).toBeLessThan(count + 12);
  });

  it("finds the head under every cell, and none outside", () => {
    const scene = gridScene([2, 4, 3], 300);
    for (const [layer, count] of [2, 4, 3].entries()) {
      for (let head = 0; head < count; head++) {
        const { x, y, width, height } = headRect(scene, layer, head);
        expect(headAt(scene, x + width / 2, y + height / 2)).toEqual({ layer, head });
      }
      const beyond = headRect(scene, layer, count);
      expect(headAt(scene, beyond.x + 4, beyond.y + 4)).toBeNull();
    }
    expect(headAt(scene, 1, 1)).toBeNull();
  });

  it("labels head 0 and thins the rest when crowded", () => {
    const scene = gridScene(heads(32, 32), 358);
    expect(scene.columnLabels[0]?.text).toBe("0");
    expect(scene.columnLabels.length).toBeLessThan(32);
  });
});

describe("a grid that is scrolled", () => {
  const deep = gridScene(heads(30, 9), 232, { largest: 84, height: 400, fair: 22 });
  const starts = deep.rows.map(({ y }) => y - deep.top);
  const around = 6;
  const tall = heightInSight(deep, 400, around);

  it("ends with a whole row, and is no higher than its room", () => {
    expect((tall + around - deep.top) % deep.pitch).toBe(0);
    expect(tall).toBeLessThanOrEqual(400);
    expect(tall).toBeGreaterThan(400 - deep.pitch);
  });

  it.each([0, 7, 16, 25])("begins with a whole row, layer %i in sight with its neighbours", (layer) => {
    for (const before of [0, 100, 301]) {
      const now = sightOf(deep, layer, before, tall + around);
      const y = deep.rows[layer]?.y ?? 0;
      expect(starts).toContain(now);
      expect(now).toBeLessThanOrEqual(Math.max(0, y - deep.top));
      expect(now + tall + around).toBeGreaterThanOrEqual(y + deep.pitch);
    }
  });

  it("is all of it where it fits", () => {
    expect(heightInSight(gridScene(heads(4, 4), 232), 400, around)).toBe(400);
  });
});

describe("layers without attention", () => {
  it.each([
    [[0, 4, 0, 4], 358],
    [[0, 0, 8, 0, 0, 0, 8, 0], 358],
    [Array.from({ length: 32 }, (_, layer) => (layer % 8 === 4 ? 32 : 0)), 358],
  ])("keep their number and their row, lower than the others: %j", (counts, width) => {
    const scene = gridScene(counts, width);
    expect(scene.rows.map((row) => row.heads)).toEqual(counts);
    scene.rows.forEach((row, layer) => {
      expect(row.y).toBe(
        layer === 0 ? scene.top : (scene.rows[layer - 1]?.y ?? 0) + (scene.rows[layer - 1]?.height ?? 0),
      );
      expect(row.height).toBeLessThanOrEqual(scene.pitch);
      const { x, y, width, height } = headRect(scene, layer, 0);
      const found = headAt(scene, x + width / 2, y + Math.min(height, row.height) / 2);
      expect(found).toEqual(row.heads > 0 ? { layer, head: 0 } : null);
    });
    const last = scene.rows.at(-1);
    expect(scene.height).toBeGreaterThanOrEqual((last?.y ?? 0) + (last?.height ?? 0));
  });

  it("say so once for each run of them, with a rule beside the words", () => {
    const scene = gridScene([0, 0, 8, 0, 0, 0, 8, 0], 358);
    expect(scene.notes.map(({ index, text }) => [index, text])).toEqual([
      [0, "no attention"],
      [4, "no attention"],
      [7, "no attention"],
    ]);
    expect(scene.rules.length).toBe(6);
    for (const note of scene.notes) {
      const beside = scene.rules.filter(({ y }) => Math.abs(y - note.y) < 6);
      expect(beside.length).toBe(1);
      expect(beside[0]?.x).toBeGreaterThan(note.x + 60);
    }
    for (const { x, width } of scene.rules) expect(x + width).toBeLessThanOrEqual(358 - 2);
  });

  it("are ruled where words do not fit, and absent where all layers attend", () => {
    const narrow = gridScene([0, 2, 0, 2], 30);
    expect(narrow.notes).toEqual([]);
    expect(narrow.rules.length).toBe(2);
    const all = gridScene(heads(4, 4), 358);
    expect([all.notes, all.rules]).toEqual([[], []]);
  });

  it("keep the labels of layers apart", () => {
    for (const scene of [gridScene([0, 4, 0, 4], 358), gridScene(Array(40).fill(0).fill(30, 20, 30), 358)]) {
      const places = scene.rowLabels.map(({ y }) => y);
      for (const [index, y] of places.slice(1).entries())
        expect(y - (places[index] as number)).toBeGreaterThan(12);
    }
  });
});

describe("labels", () => {
  it("steps by 1, 2, 5, 10", () => {
    expect([20, 10, 5, 2, 1, 0.1].map((pitch) => labelStep(pitch, 11))).toEqual([1, 2, 5, 10, 20, 200]);
  });

  it("always shows the wanted ones, and nothing on top of them", () => {
    const shown = thinLabels(1000, 0.5, 11, [503]);
    expect(shown).toContain(503);
    for (const [place, index] of shown.slice(1).entries())
      expect((index - (shown[place] as number)) * 0.5).toBeGreaterThanOrEqual(11);
  });
});

describe("the matrix", () => {
  const input = (count: number, more: Partial<MatrixInput> = {}): MatrixInput => ({
    labels: Array.from({ length: count }, (_, index) => `token${index}`),
    width: 556,
    direction: "reads",
    query: [1, 2],
    focus: [1, 2],
    cell: null,
    strong: [],
    measure: (text) => text.length * 6,
    ...more,
  });

  it.each([1, 2, 5, 24, 48, 192, 512, 1000])("of %i tokens stays inside, labels too", (count) => {
    const scene = matrixScene(input(count));
    expect(scene.left + scene.across).toBeLessThanOrEqual(556);
    expect(scene.columnPitch).toBeGreaterThan(0);
    expect(Number.isFinite(scene.height)).toBe(true);
    for (const { x, text } of scene.tilted ? scene.columnLabels : []) {
      expect(x + text.length * 6 * Math.cos((55 * Math.PI) / 180)).toBeLessThanOrEqual(558);
    }
  });

  it("finds cells, rows and columns", () => {
    const scene = matrixScene(input(24));
    const { left, top, columnPitch: pitch } = scene;
    expect(matrixHit(scene, left + 3.5 * pitch, top + 7.5 * pitch)).toEqual({
      kind: "cell",
      query: 7,
      key: 3,
    });
    expect(matrixHit(scene, left - 10, top + 0.5 * pitch)).toEqual({ kind: "row", token: 0 });
    expect(matrixHit(scene, left + 2.5 * pitch, top - 8)).toEqual({ kind: "column", token: 2 });
    expect(matrixHit(scene, left + 24.5 * pitch, top + 4)).toBeNull();
  });

  it("outlines the row that reads, the column that is read", () => {
    const row = matrixScene(input(10)).band;
    const column = matrixScene(input(10, { direction: "read_by", query: [1, 3], focus: [1, 3] })).band;
    expect(row?.width).toBeGreaterThan(row?.height ?? 0);
    expect(column?.height).toBeGreaterThan(column?.width ?? 0);
  });

  it("labels the query and the hovered key even when crowded", () => {
    const scene = matrixScene(
      input(400, { query: [37, 38], focus: [37, 38], cell: { query: 37, key: 211 } }),
    );
    expect(scene.rowLabels.find(({ index }) => index === 37)?.tone).toBe("point");
    expect(scene.columnLabels.find(({ index }) => index === 211)?.tone).toBe("point");
  });

  it("has one label for a query of several tokens that would lie over each other, and its ends where they do not", () => {
    const pointed = (count: number, query: readonly [number, number], change = {}) =>
      matrixScene(input(count, { query, focus: query, ...change }))
        .rowLabels.filter(({ tone }) => tone === "point")
        .map(({ index, text }) => [index, text]);
    const labels = Array.from({ length: 400 }, (_, token) => (token === 38 ? "…na" : "Ele"));
    expect(pointed(400, [37, 39], { labels })).toEqual([[37.5, "Elena"]]);
    expect(pointed(400, [10, 14], { labels })[0]).toEqual([11.5, "Ele El…"]);
    expect(pointed(400, [0, 400]).at(-1)).toEqual([399, "token399"]);
    expect(pointed(12, [3, 5]).map(([index]) => index)).toEqual([3, 4]);
    const columns = matrixScene(
      input(400, { direction: "read_by", query: [37, 39], focus: [37, 39], labels }),
    );
    expect(columns.columnLabels.filter(({ tone }) => tone === "point").length).toBe(1);
    const zoomed = { viewport: { query: 0, key: 0, span: 200 } };
    expect(pointed(400, [198, 202], zoomed)).toEqual([[198.5, "token19…"]]);
  });
});

describe("what stands under the grid", () => {
  it("depends on the model's shape", () => {
    expect(underGrid(heads(6, 12), 980, false)).toBe("neighbours");
    expect(underGrid(heads(4, 4), 980, true)).toBe("expectations");
    expect(underGrid(heads(12, 12), 980, false)).toBe("long facts");
    expect(underGrid(heads(48, 12), 980, true)).toBe("nothing");
    expect(underGrid(heads(6, 12), 600, true)).toBe("nothing");
  });
});

describe("how the parts stand", () => {
  const given = {
    width: 1264,
    screen: 800,
    heads: heads(12, 12),
    chart: false,
    size: "normal",
    height: null,
  } as const;
  const fixed = (tracks: string) =>
    [...tracks.matchAll(/(?:^| )(\d+)px/g)].map(([, pixels]) => Number(pixels));

  it.each([
    [390, 800, 1, null],
    [639, 800, 1, null],
    [640, 800, 2, null],
    [799, 800, 2, null],
    [800, 800, 3, 650],
    [848, 800, 3, 650],
    [1000, 800, 3, 650],
    [1700, 1080, 3, 804],
    [1100, 300, 3, 600],
    [1100, 4000, 3, 860],
  ] as const)("%i px wide in a window of %i", (width, screen, columns, height) => {
    expect(layoutOf({ ...given, width, screen })).toMatchObject({
      columns,
      height,
      readout: columns === 3 ? "column" : "band",
    });
  });

  it.each([
    [800, 12, 12, 376],
    [800, 30, 9, 376],
    [848, 80, 64, 376],
    [999, 6, 12, 400],
    [1000, 12, 12, 400],
    [1000, 6, 12, 400],
    [1264, 30, 9, 440],
    [1264, 80, 64, 440],
    [1264, 2, 1, 440],
    [1700, 6, 40, 440],
  ])("leaves the stage its room at %i px beside %i x %i heads", (width, layers, count, least) => {
    const shape = heads(layers, count);
    const { columns, narrow, tracks } = layoutOf({ ...given, width, heads: shape });
    const [grid = 0, readout = 0] = fixed(tracks);
    const padding = narrow ? 24 : 32;
    expect(columns).toBe(3);
    expect(grid).toBeGreaterThanOrEqual(narrow ? 212 : 264);
    expect(grid - padding).toBeGreaterThanOrEqual(gridScene(shape, grid - padding).left + 3 * count + 12);
    expect(readout).toBeGreaterThanOrEqual(210);
    expect(width - grid - readout).toBeGreaterThanOrEqual(least);
  });

  it("gives the heads of usual models the room to be told apart, where the stage keeps its own", () => {
    const { tracks } = layoutOf({ ...given, width: 993, screen: 900, heads: heads(12, 12) });
    const [grid = 0, readout = 0] = fixed(tracks);
    const room = { ...gridBeside, height: 705 - 236 - aroundGrid.narrow };
    expect(gridScene(heads(12, 12), grid - 24, room).cell).toBeGreaterThanOrEqual(18);
    expect(993 - grid - readout).toBeGreaterThanOrEqual(400);
  });

  it("keeps the toolbar at as many lines, whatever comes into it", () => {
    const lines = (width: number, size: "normal" | "projector" = "normal") =>
      layoutOf({ ...given, width, size }).controls;
    expect([lines(833), lines(993), lines(1299)]).toEqual(["twoLines", "twoLines", "twoLines"]);
    expect([lines(1300), lines(885, "projector"), lines(799)]).toEqual(["oneLine", "oneLine", "fitting"]);
  });

  it("puts no third column where the heads of a wide model would leave the stage too little", () => {
    expect(layoutOf({ ...given, width: 810, heads: heads(80, 64) }).columns).toBe(2);
  });

  it.each([650, 705, 804, 860])(
    "of %i px leaves the columns their height, however long the text",
    (height) => {
      const { lines } = layoutOf({ ...given, width: 1320, height });
      expect(height - 146 - 32 * lines).toBeGreaterThanOrEqual(400);
      expect(lines).toBeGreaterThanOrEqual(3);
    },
  );

  it("is as high as was asked, and larger or smaller as a whole", () => {
    expect(layoutOf({ ...given, height: 500 }).height).toBe(500);
    expect(layoutOf({ ...given, width: 400, height: 500 })).toMatchObject({ columns: 1, height: 500 });
    // In its own pixels, each as large as 1.4 of the page's.
    expect(layoutOf({ ...given, size: "projector", screen: 1120 }).height).toBe(
      layoutOf({ ...given, screen: 800 }).height,
    );
    expect(layoutOf({ ...given, size: "projector", height: 700 }).height).toBeCloseTo(500);
    expect(layoutOf({ ...given, size: "compact" }).height).toBeLessThan(layoutOf(given).height ?? 0);
  });

  it("puts a chart beside the stage where that keeps its least width, else below", () => {
    const chart = (width: number) => layoutOf({ ...given, width, chart: true });
    expect(chart(780)).toMatchObject({ columns: 2, chart: "band", readout: "band" });
    expect(chart(980)).toMatchObject({ columns: 3, chart: "band", readout: "column" });
    expect(chart(1000)).toMatchObject({ chart: "column", readout: "band" });
    expect(chart(1440)).toMatchObject({ chart: "column", readout: "column" });
    for (const width of [1000, 1439, 1440]) {
      const { tracks } = chart(width);
      const others = fixed(tracks).reduce((sum, pixels) => sum + pixels, 0);
      expect(width - others).toBeGreaterThanOrEqual(376 + 300);
    }
  });
});

describe("a label that must fit", () => {
  const measure = (text: string) => Array.from(text).length;

  it("is whole where it does, and ends in an ellipsis after as much as there is room for", () => {
    expect(fitted("river", 5, measure)).toBe("river");
    expect(fitted("rivers…", 5, measure)).toBe("rive…");
    expect(fitted("👋👋👋👋", 3, measure)).toBe("👋👋…");
    expect(fitted("river", 0, measure)).toBe("r…");
  });

  it("is measured a few times only, however long it is", () => {
    const counted = vi.fn(measure);
    expect(fitted("a".repeat(20_000), 100, counted)).toBe(`${"a".repeat(99)}…`);
    expect(counted.mock.calls.length).toBeLessThan(20);
  });
});
