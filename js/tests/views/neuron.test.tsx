// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import { FakeKernel } from "../../dev/fake";
import { models } from "../../dev/fake-models";
import { DemoModel } from "../../dev/model";
import { fakeNeuron } from "../../dev/neuron";
import widget from "../../src";
import type { MapOnShow } from "../../src/focus/maps";
import { palette, signedTone } from "../../src/lib/colour";
import { exact } from "../../src/lib/format";
import { composeNeuron } from "../../src/source/embedded/neuron";
import { groupOf, productsOf, sentenceOf, stepsOf, strongestDimensions } from "../../src/views/neuron/pair";
import {
  fullBeside,
  keysWanted,
  openedKey,
  orderOf,
  type Pairs,
  pairsRequest,
} from "../../src/views/neuron/pairs";
import { neuronPicture, signedPixels } from "../../src/views/neuron/picture";
import { neuronHit, neuronScene, pairScene, revealRow } from "../../src/views/neuron/scene";
import { oneOf } from "../../src/views/neuron/words";
import { decodeNeuron } from "../../src/wire/neuron";
import { settle } from "../clock";
import { until } from "../until";

const text = "The river bank was quiet";

/** Two keys and a third that is masked, in numbers that can be checked by hand. */
const pairs: Pairs = {
  ...{ layer: 0, head: 1, part: "self", query: 1, piece: "b", pieces: ["a", "b", "c"] },
  ...{ key_head: 0, key_heads: 2, group: [0, 2] as const, scale: 0.5, softcap: null },
  ...{ peak: 2, total: 1.5, sink: null, sink_weight: null, capped: null, bias: null },
  q: Float32Array.of(1, -2),
  vectors: new Map([[0, Float32Array.of(2, -1)]]),
  dot: Float32Array.of(4, 2, 6),
  scaled: Float32Array.of(2, 1, 3),
  logit: Float32Array.of(2, 1, Number.NEGATIVE_INFINITY),
  weight: Float32Array.of(0.667, 0.333, 0),
  norm: Float32Array.of(2.236, 1, 1),
};

describe("the steps of one pair", () => {
  it("are written out as a sum", () => {
    expect(sentenceOf(pairs, 0)).toBe("q·k = 4.000 × 0.5 = 2.000 → softmax 0.667");
    expect(stepsOf(pairs, 1).at(-1)?.meaning).toContain("e^(1.000 − 2.000) ÷ 1.500");
  });

  it("have a soft cap and a bias where the model has them", () => {
    const bent = {
      ...pairs,
      softcap: 5,
      capped: Float32Array.of(1.9, 0.987, 2.685),
      bias: Float32Array.of(-0.1, 0.2, 0),
      logit: Float32Array.of(1.8, 1.187, Number.NEGATIVE_INFINITY),
    };
    expect(sentenceOf(bent, 0)).toBe(
      "q·k = 4.000 × 0.5 = 2.000 → soft cap 5 = 1.900 − bias 0.100 = 1.800 → softmax 0.667",
    );
    expect(stepsOf(bent, 1).map(({ doing }) => doing)[3]).toBe("+ bias 0.200");
  });

  it("end in the mask for a key that may not be read", () => {
    expect(sentenceOf(pairs, 2)).toBe("q·k = 6.000 × 0.5 = 3.000 → masked, weight 0");
  });

  it("say who shares a key head, and nothing where nobody does", () => {
    expect(groupOf(pairs)).toBe("key head 0, shared by heads 0 and 1");
    expect(groupOf({ ...pairs, key_head: 1, group: [4, 8] })).toBe("key head 1, shared by heads 4 to 7");
    expect(groupOf({ ...pairs, group: [1, 2] })).toBeNull();
  });

  it("are told by dimensions, first the largest products of either sign", () => {
    const products = productsOf(Float32Array.of(1, -2, 3), Float32Array.of(1, 1, 1));
    expect(strongestDimensions(products, 2)).toEqual([2, 1]);
  });

  it.each([
    [4.2134, "4.213"],
    [-0.5, "−0.500"],
    [1234.56, "1234.6"],
    [0.00001, "1e-5"],
    [-0, "0.000"],
    [Number.NaN, "–"],
  ])("write %d as %s", (value, written) => expect(exact(value)).toBe(written));
});

describe("the keys of one query", () => {
  it("stand by their weight, masked ones last, or as they are read", () => {
    const flat = {
      ...pairs,
      weight: Float32Array.of(0, 1, 0),
      logit: Float32Array.of(Number.NEGATIVE_INFINITY, 1, -90),
    };
    expect(orderOf(flat, "strongest")).toEqual([1, 2, 0]);
    expect(orderOf(flat, "reading")).toEqual([0, 1, 2]);
  });

  it("open the pair that is looked at, else the one that was kept, else the strongest", () => {
    expect(openedKey(pairs, 2, 1)).toBe(2);
    expect(openedKey(pairs, undefined, 1)).toBe(1);
    expect(openedKey(pairs, null, 77)).toBe(0);
  });

  it("are asked for all at once in a short text, and as they come into sight in a long one", () => {
    const sight = { rows: [0, 10] as const, opened: null };
    expect(keysWanted(pairs, null, "strongest", sight)).toEqual([0, 1, 2]);
    expect(keysWanted(null, null, "strongest", sight)).toEqual([]);
    const weight = Float32Array.from({ length: 1000 }, (_, key) => key / 1000);
    expect(keysWanted(null, weight, "strongest", sight).slice(0, 2)).toEqual([999, 998]);
    const long = { ...pairs, weight, logit: weight };
    const wanted = keysWanted(long, null, "reading", { rows: [500, 516], opened: 3 });
    expect(wanted.length).toBeLessThan(60);
    expect(wanted).toContain(500);
    expect(wanted.at(-1)).toBe(3);
  });
});

describe("one head of several", () => {
  const session = (source: string, chosen: number) =>
    ({ traits: { look: { value: { source } } }, chosenHeads: () => Array.from({ length: chosen }) }) as never;

  it.each([
    ["head", 1, ""],
    ["head", 2, ", one of the 2 chosen"],
    ["layer", 1, ", one head of many"],
  ])("of source %s, %d chosen, is said: %s", (source, chosen, said) => {
    expect(oneOf(session(source, chosen))).toBe(said);
  });
});

describe("what is asked", () => {
  const session = (units: readonly (readonly [number, number])[] | null, query: readonly [number, number]) =>
    ({
      shown: {
        value: { text, pair: "", asked: {}, frame: { header: { part: "self", truncated: null, units } } },
      },
      traits: { query: { value: query } },
    }) as never;
  const words = [
    [0, 1],
    [1, 4],
    [4, 5],
  ] as const;

  it.each([
    ["a token as it is", null, [2, 3], [2, 3], [2, 3]],
    ["the last of several", null, [0, 3], [0, 3], [2, 3]],
    ["the last token of a word", words, [0, 1], [1, 2], [3, 4]],
    ["the piece that was pinned, where its word is shown", words, [2, 3], [1, 2], [2, 3]],
  ] as const)("is %s", (_, units, pinned, focus, asked) => {
    const request = pairsRequest(session(units, pinned), focus, { layer: 1, head: 2 });
    expect(request).toEqual({ text, layer: 1, head: 2, part: "self", query: asked });
  });
});

describe("the layout of queries and keys", () => {
  const input = {
    ...{
      count: 12,
      dimensions: 32,
      width: 560,
      offset: 0,
      widest: 50,
      bent: false,
      row: null,
      dimension: null,
    },
  };

  it.each([360, 440, 560, 900, 1500])(
    "keeps everything inside a width of %i, one after the other",
    (width) => {
      for (const bent of [false, true]) {
        const { label, keys, products, numbers, bar } = neuronScene({
          ...input,
          width,
          bent,
          dimensions: 256,
        });
        const edges = [
          label,
          keys.left,
          keys.left + keys.width,
          products.left,
          products.left + products.width,
        ];
        const all = [...edges, ...numbers.map(({ right }) => right), bar.left, bar.left + bar.width];
        expect(all).toEqual([...all].sort((one, other) => one - other));
        expect(all.at(-1)).toBeLessThanOrEqual(width);
        expect(numbers.at(-1)?.name).toBe("weight");
      }
    },
  );

  it("finds the row and the dimension that it draws, scrolled or not", () => {
    for (const offset of [0, 500]) {
      const scene = neuronScene({ ...input, count: 300, offset, row: 30, dimension: 7 });
      const [stripe] = scene.stripes;
      const y = scene.looked === null ? 0 : scene.looked.y + 3;
      const hit = neuronHit(scene, (stripe?.x ?? 0) + 1, y);
      if (offset === 0) expect(hit?.row ?? null).toBeNull();
      else expect(hit).toEqual({ row: 30, dimension: 7, named: false });
    }
    expect(neuronHit(neuronScene(input), 4, 70)).toMatchObject({ row: 0, named: true, dimension: null });
    expect(neuronHit(neuronScene(input), 4, 4)?.row).toBeNull();
  });

  it("scrolls to a row out of sight, and no further than needed to one at the edge", () => {
    const scene = neuronScene({ ...input, count: 300 });
    expect(revealRow(scene, 3)).toBeNull();
    const far = revealRow(scene, 200) ?? 0;
    expect(revealRow(neuronScene({ ...input, count: 300, offset: far }), 200)).toBeNull();
    const edge = scene.seen[1] - 1;
    expect(revealRow(scene, edge) ?? 0).toBeLessThanOrEqual(scene.pitch);
  });

  it("ends with a whole row where not all have room", () => {
    const { height, top, pitch, seen } = neuronScene({ ...input, count: 300, tallest: 200 });
    expect([height, seen[1]]).toEqual([top + 6 * pitch, 6]);
  });

  it("opens a pair as three lanes, one above the other", () => {
    expect(pairScene(500, 64, 63, true).height).toBeLessThan(pairScene(500, 64, 63).height);
    const scene = pairScene(500, 64, 63);
    const ends = scene.lanes.flatMap(({ middle, reach }) => [middle - reach, middle + reach]);
    expect(ends).toEqual([...ends].sort((one, other) => one - other));
    expect(scene.height).toBeGreaterThanOrEqual(ends.at(-1) ?? 0);
    expect((scene.stripe?.x ?? 0) + (scene.stripe?.width ?? 0)).toBeCloseTo(500);
  });
});

describe("numbers with a sign", () => {
  it("have the ground at zero and the same distance to both sides", () => {
    expect(signedTone(0, 3)).toBe(0.5);
    expect(signedTone(3, 3)).toBe(1);
    expect(signedTone(-3, 3)).toBe(0);
    expect(signedTone(-0.75, 3)).toBe(0.25);
  });

  it("are told apart as pixels", () => {
    const { signed } = palette(false, "Test");
    const pixels = signedPixels([[-1, 0, 1]], 3, 1, signed);
    const colour = (at: number) => [...pixels.data.slice(4 * at, 4 * at + 3)];
    expect(Math.min(...colour(1))).toBeGreaterThan(240);
    expect(colour(0)).not.toEqual(colour(2));
  });
});

describe("the picture of the rows in sight", () => {
  const input = { count: 3, dimensions: 2, width: 600, offset: 0, widest: 40, bent: false };
  const scene = neuronScene({ ...input, row: null, dimension: null });
  const light = palette(false, "Test");
  const order = orderOf(pairs, "strongest");
  const shown = { pairs, order, key: 0, cell: null, kept: null, full: 1 };

  it("stays as it is while the pointer moves over them", () => {
    const before = neuronPicture(shown, scene, light);
    const pointed = neuronScene({ ...input, row: 1, dimension: 1 });
    const after = neuronPicture({ ...shown, key: 1, cell: { key: 1, dimension: 1 } }, pointed, light);
    expect([before.open, after.open]).toEqual([0, 1]);
    expect(after.rows).toBe(before.rows);
    expect(after.pixels).toBe(before.pixels);
  });

  it("has bars on the scale of the tones: of another scale they are others", () => {
    const bars = (full: number) => neuronPicture({ ...shown, full }, scene, light).rows.map(({ bar }) => bar);
    const weights = order.map((key) => pairs.weight[key] as number);
    expect(bars(1)).toEqual(weights);
    expect(bars(0.25)).toEqual(weights.map((each) => Math.min(1, each / 0.25)));
  });

  it("stretches its bars as the map of its head is stretched, and those of a head without one by themselves", () => {
    const chosen = [[pairs.layer, pairs.head]];
    const row = Float32Array.of(0.8, 0.5, 0.1);
    const place = { source: "head", direction: "reads", layer: pairs.layer, head: pairs.head, chosen };
    const map = { ...place, row, sinks: new Set([0]) } as unknown as MapOnShow;
    expect([fullBeside(pairs, map, "stretch"), fullBeside(pairs, map, 1)]).toEqual([0.5, 1]);
    for (const other of [null, { ...map, chosen: [...map.chosen, [9, 9] as const] }, { ...map, head: 9 }])
      expect(fullBeside(pairs, other, "stretch")).toBe(Math.max(...pairs.weight));
  });

  it("is another one in another order, in other colours, and of other rows", () => {
    const { rows, pixels } = neuronPicture(shown, scene, light);
    expect(rows.map(({ key }) => key)).toEqual([0, 1, 2]);
    const turned = neuronPicture({ ...shown, order: [2, 1, 0] }, scene, light);
    expect(turned.rows.map(({ key }) => key)).toEqual([2, 1, 0]);
    expect([...turned.pixels.keys.data]).not.toEqual([...pixels.keys.data]);
    const dark = neuronPicture(shown, scene, palette(true, "Test"));
    expect([...dark.pixels.q.data]).not.toEqual([...pixels.q.data]);
    expect(neuronPicture(shown, { ...scene, seen: [1, 3] }, light).pixels.keys.height).toBe(2);
  });
});

describe("the bytes of queries and keys", () => {
  const request = { text, layer: 1, head: 2, part: "self", query: [3, 4] as const, keys: [2, 0] };
  const { buffers } = fakeNeuron(["The", "river", "bank", "was", "quiet"], request, true);

  it("are read as they were written", () => {
    const found = decodeNeuron(buffers[0] as ArrayBuffer);
    expect([found.piece, found.k.length, found.dot.length, found.bias]).toEqual(["was", 32, 5, null]);
    const dot = found.q.reduce((sum, value, at) => sum + value * (found.k[at] ?? 0), 0);
    expect(dot).toBeCloseTo(found.dot[2] ?? Number.NaN, 4);
    expect(found.logit[4]).toBe(Number.NEGATIVE_INFINITY);
  });

  it("are refused when they are cut off", () => {
    expect(() => decodeNeuron((buffers[0] as ArrayBuffer).slice(0, -64))).toThrow(/short frame/);
  });
});

function open(change: Record<string, unknown> = {}, kind = "causal") {
  const state = {
    text,
    layer: 0,
    head: 1,
    query: [2, 3],
    direction: "reads",
    part: "self",
    view: "neuron",
    ...change,
  };
  const model = new DemoModel(new FakeKernel(models[kind] as never), state, 0);
  const { initialize, render } = widget();
  initialize({ model, signal: new AbortController().signal } as never);
  const host = document.body.appendChild(document.createElement("div"));
  const close = render({ model, el: host } as never) as unknown as () => void;
  const asked = () => model.sent.filter((content) => (content as { kind: string }).kind === "neuron");
  return { model, host, close, asked, find: (name: string) => host.querySelector<HTMLElement>(name) };
}

const press = (element: Element | null, key: string) =>
  element?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

afterEach(() => document.body.replaceChildren());

/** However slow the machine is. */
const soon = until;
const opened = (find: (name: string) => HTMLElement | null) =>
  soon(() => expect(find(".aw-pair")).not.toBeNull());

describe("the neuron view", () => {
  it("shows the last of several tokens, as Flow does, and says so; Layers says that it shows their mean", async () => {
    const { model, find, close } = open({ query: [0, 3] });
    await opened(find);
    const heading = () => find(".aw-view-head h3")?.textContent;
    expect(heading()).toBe("How “bank” reads (last of 3) layer 0, head 1");
    model.set("view", "flow");
    await soon(() => expect(heading()).toBe("What flows into “bank” (last of 3) all heads of all layers"));
    model.set("view", "layers");
    await soon(() => expect(heading()).toBe("“The river bank” reads, layer by layer (mean of 3)"));
    model.set("query", [1, 2]);
    await soon(() => expect(heading()).toBe("“river” reads, layer by layer"));
    close();
  });

  it("asks once for a short text, and not while another view is shown", async () => {
    const { model, asked, find, close } = open({ view: "matrix" });
    await settle();
    expect(asked()).toHaveLength(0);
    model.set("view", "neuron");
    await opened(find);
    expect(asked()).toHaveLength(1);
    expect(find(".aw-neuron")?.dataset).toMatchObject({ keys: "5", dimensions: "16" });
    expect(find(".aw-steps")?.textContent).toMatch(/q·k .*× 0\.25 .*softmax/);
    expect(find(".aw-pair-group")?.textContent).toBe("key head 0, shared by heads 0 and 1");
    close();
  });

  it("is told pair by pair and dimension by dimension, and pinned, by the keyboard", async () => {
    const { model, find, close } = open();
    await opened(find);
    const grid = find(".aw-neuron");
    const told = () => find('.aw-neuron [role="gridcell"]')?.textContent;
    press(grid, "End");
    await soon(() => expect(told()).toMatch(/^bank and quiet: q·k = \S+ × 0\.25 = \S+ → masked, weight 0$/));
    press(grid, "Home");
    press(grid, "ArrowRight");
    await soon(() => expect(told()).toMatch(/^bank and \w+, dimension 0: q \S+ × k \S+ = \S+$/));
    expect(find(".aw-pair-dimension")?.textContent).toContain("dimension 0");
    const key = Number(find(".aw-neuron")?.dataset.opened);
    press(grid, "Enter");
    expect(model.state.query).toEqual([key, key + 1]);
    close();
  });

  it("keeps a pair open when the pointer has gone", async () => {
    const { find, close } = open();
    await opened(find);
    const grid = find(".aw-neuron");
    const first = grid?.dataset.opened;
    for (const key of ["ArrowDown", "ArrowDown", " ", "Escape"]) press(grid, key);
    await soon(() => expect(find(".aw-pair-names")?.textContent).toContain("kept open"));
    expect(find(".aw-pair")?.dataset.key).not.toBe(first);
    expect(find(".aw-pair")?.dataset.key).toBe(find(".aw-neuron")?.dataset.opened);
    close();
  });

  it("says in a sentence why there is nothing, and asks again for another query", async () => {
    const { model, find, asked, close } = open({ view: "matrix" });
    await settle();
    const { kernel } = model as unknown as { kernel: FakeKernel };
    const own = kernel.answer.bind(kernel);
    const sentence = "This model shows its weights and not its q and k.";
    kernel.answer = (request) =>
      request.kind === "neuron"
        ? { content: { status: "error", code: "bad_request", message: sentence }, buffers: [] }
        : own(request);
    model.set("view", "neuron");
    await soon(() => expect(find(".aw-view-state")?.textContent).toBe(sentence));
    const before = asked().length;
    await settle();
    expect(asked()).toHaveLength(before);
    kernel.answer = own;
    model.set("query", [1, 2]);
    await opened(find);
    close();
  });
});

describe("q and k in a saved page", () => {
  const facts = { layer: 0, head: 1, part: "self", key_head: 0, key_heads: 2, group: [0, 2] as const };
  const saved = (change: object, blocks: object = {}) => {
    const arrays: Record<string, unknown> = {
      neuron_q: Float32Array.of(1, -2, 0, 1),
      neuron_k: Float32Array.of(2, -1, 0.5, 0.25),
      neuron_masked: Uint8Array.of(0, 1, 0, 0),
      ...blocks,
    };
    return {
      header: {
        frame: { tokens: { pieces: ["a", "b"] } },
        neuron: { ...facts, scale: 0.5, softcap: null, sink: null, ...change },
      },
      read: (name: string) => (name in arrays ? { shape: [], data: arrays[name] } : null),
    } as never;
  };
  const ask = (query: number, head = 1) => ({
    ...{ text: "a b", layer: 0, head, part: "self", keys: [1] },
    query: [query, query + 1] as const,
  });

  it("are worked out as the kernel does", () => {
    const first = composeNeuron(saved({}), ask(0));
    expect([...first.dot, ...first.weight, ...first.k]).toEqual([4, 0, 1, 0, 0.5, 0.25]);
    expect(first.logit[1]).toBe(Number.NEGATIVE_INFINITY);
    const second = composeNeuron(saved({}), ask(1));
    expect([...second.scaled]).toEqual([-0.5, 0.125]);
    expect(second.weight[1]).toBeCloseTo(1 / (1 + Math.exp(-0.625)), 6);
    expect(second.total).toBeCloseTo(1 + Math.exp(-0.625), 6);
  });

  it("have what lies behind a sound, another number for every query", () => {
    const behind = { neuron_sink: Float32Array.of(0, 0.5) };
    const found = composeNeuron(saved({ sink: 0 }, behind), ask(1));
    const total = Math.exp(-0.5) + Math.exp(0.125) + Math.exp(0.5);
    expect(found.sink).toBe(0.5);
    expect(found.weight[0]).toBeCloseTo(Math.exp(-0.5) / total, 6);
    expect(found.sink_weight).toBeCloseTo(Math.exp(0.5) / total, 6);
  });

  it("have cap, bias and sink", () => {
    const bias = { neuron_bias: Float32Array.of(0, 0, 0.25, 0) };
    const found = composeNeuron(saved({ softcap: 2, sink: 0 }, bias), ask(1));
    const capped = [-0.5, 0.125].map((value) => 2 * Math.tanh(value / 2));
    expect([...(found.capped ?? [])].map((value, at) => value - (capped[at] ?? 0))).toEqual([
      expect.closeTo(0, 6),
      expect.closeTo(0, 6),
    ]);
    expect(found.logit[0]).toBeCloseTo((capped[0] ?? 0) + 0.25, 6);
    const sum = found.weight.reduce((total, value) => total + value, found.sink_weight ?? 0);
    expect(sum).toBeCloseTo(1, 6);
  });

  it("are those of one head, or none, and say so", () => {
    expect(() => composeNeuron(saved({}), ask(0, 0))).toThrow("q and k of L0H1 only");
    const { header, read } = saved({}) as { header: object; read: never };
    expect(() => composeNeuron({ header: { ...header, neuron: undefined }, read } as never, ask(0))).toThrow(
      "no q and k",
    );
  });
});
