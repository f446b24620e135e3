import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { embeddedSource, localModel, readSaved } from "../../src/source/embedded";
import { decodeFrame, decodeTile } from "../../src/wire/decode";
import { readFlow } from "../../src/wire/flow";
import { readMetric } from "../../src/wire/metric";
import { decodeNeuron, type Neuron } from "../../src/wire/neuron";
import { readStrip } from "../../src/wire/strip";
import type { Ask, Flow, Frame, Predictions, Request, Strip, Tile } from "../../src/wire/types";
import { path } from "../files";

interface Asked {
  readonly request: Request;
  readonly answer: { readonly buffers: readonly string[]; readonly [field: string]: unknown };
}

const golden: { pages: Record<string, string>; asked: Asked[] } = JSON.parse(
  readFileSync(path("../tests/fixtures/saved_v1.json"), "utf8"),
);

/** Half a step, and a little for the mean of several. */
const step = 0.026;
const bank = [7, 8] as const;

const askOf = async (kind: string): Promise<Ask> => {
  const saved = await readSaved(golden.pages[kind] as string);
  return embeddedSource(saved).ask;
};

const toBytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const bytes = ({ buffers: [first = ""] }: Asked["answer"]) => toBytes(first);

function near(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  Array.from(wanted, (value, index) => {
    if (Number.isNaN(value)) return expect(found[index]).toBeNaN();
    return expect(Math.abs((found[index] as number) - value)).toBeLessThanOrEqual(value * tolerance + 1e-5);
  });
}

const note = " · saved in steps of 5 %";

/** The same words; sums that were reckoned from steps are near. A recipe of a saved page ends by saying what is not exact. */
function sameRecipe(found: string, wanted: string): void {
  const number = /\d\.\d{3}/g;
  const bare = found.replace(note, "");
  // Steps may tell sums apart that are one.
  const words = (text: string) => text.replace(/rows sum to .*/, "rows sum").replace(number, "#");
  expect(words(bare)).toBe(words(wanted));
  const sums = (text: string) => (text.match(number) ?? []).map(Number);
  for (const sum of sums(bare))
    expect(sums(wanted).some((one) => Math.abs(one - sum) <= one * step)).toBe(true);
}

function samePredictions(found: Predictions | null, wanted: Predictions | null): void {
  const of = (one: Predictions | null) =>
    one && [one.kind, one.position, one.actual?.rank, one.top.map(({ piece }) => piece)];
  const numbers = (one: Predictions | null) => one?.top.map(({ probability }) => probability) ?? [];
  expect(of(found)).toEqual(of(wanted));
  near(numbers(found), numbers(wanted), 1e-5);
}

function sameFlow(found: Flow, wanted: Flow): void {
  const { reached, ends, shares, recipe, kept, ...told } = found;
  expect(told).toEqual({
    query: wanted.query,
    levels: wanted.levels,
    pieces: wanted.pieces,
    attending: wanted.attending,
  });
  sameRecipe(recipe, wanted.recipe);
  near(kept, wanted.kept, step);
  // One step up is a mean over heads; through all layers errors add up.
  near(reached, wanted.reached, 3 * step);
  const byEnds = (flow: Flow) =>
    new Map(Array.from(flow.shares, (share, at) => [flow.ends.subarray(3 * at, 3 * at + 3).join(), share]));
  const [one, other] = [byEnds({ ...wanted, ends, shares }), byEnds(wanted)];
  for (const [edge, share] of other) expect(Math.abs((one.get(edge) ?? 0) - share)).toBeLessThan(0.002);
}

function sameFrame(found: Frame, wanted: Frame, request: Request): void {
  const { blocks, timing, recipe, stats, peak, predictions, hidden, ...told } = found.header;
  const { blocks: _, timing: __, ...expected } = wanted.header;
  expect(told).toEqual(Object.fromEntries(Object.keys(told).map((name) => [name, expected[name as never]])));
  samePredictions(predictions, expected.predictions);
  const exact = blocks[0]?.dtype === "f32";
  const { words, sinks, weight, source } = request as Partial<Record<string, unknown>>;
  // Where a row is divided by its sum, that is off as well.
  const relative = sinks === "renormalise" || weight === "norm" ? 2 * step : step;
  near(Object.values(stats), Object.values(expected.stats), relative);
  near([peak, hidden], [expected.peak, expected.hidden], relative);
  expect(recipe.endsWith(note)).toBe(!exact);
  sameRecipe(recipe, expected.recipe);
  // Norms are halves of floats.
  const full = weight === "norm" ? 1e-3 : 1e-6;
  near(found.matrix.data, wanted.matrix.data, exact ? full : relative);
  const plain = !(words || sinks || weight) && source !== "rollout";
  const known = exact || (plain && told.query[0] === bank[0] && told.query[1] === bank[1]);
  near(found.row ?? [], wanted.row ?? [], known ? full : relative);
  near(found.column ?? [], wanted.column ?? [], known ? full : relative);
  for (const name of ["thumbnails", "previews"] as const) {
    expect(found[name]?.shape).toEqual(wanted[name]?.shape);
    const far = Array.from(wanted[name]?.data ?? [], (byte, at) =>
      Math.abs(byte - (found[name]?.data[at] ?? 0)),
    );
    expect(Math.max(0, ...far)).toBeLessThanOrEqual(5);
  }
}

describe("a saved page with all heads", () => {
  it.each(golden.asked)("answers as the kernel does: $request", async ({ request, answer }) => {
    const answered = await (await askOf("all"))(request as never);
    expect(answered.status).toBe("ok");
    const reply = (answered as { reply: unknown }).reply;
    if (request.kind === "frame" || request.kind === "preview")
      return sameFrame(reply as Frame, decodeFrame(bytes(answer)), request);
    if (request.kind === "tile" || request.kind === "cell") {
      const wanted = decodeTile(bytes(answer));
      expect(reply).toMatchObject({ rows: wanted.rows, columns: wanted.columns });
      return near((reply as Tile).values, wanted.values, step);
    }
    if (request.kind === "strip") {
      const { values, recipe, ...told } = reply as Strip;
      const { values: numbers, recipe: wished, ...expected } = readStrip(answer.strip, bytes(answer));
      expect(told).toEqual(expected);
      sameRecipe(recipe, wished);
      return near(values, numbers, 2 * step);
    }
    if (request.kind === "flow")
      return sameFlow(reply as Flow, readFlow(answer.flow, answer.buffers.map(toBytes)));
    if (request.kind === "metric") return expect(reply).toEqual(readMetric(answer.metric, bytes(answer)));
    if (request.kind === "similar") return expect(reply).toEqual(answer.similar);
    if (request.kind === "neuron") {
      const { q, k, dot, logit, weight, ...others } = reply as Neuron;
      const wanted = decodeNeuron(bytes(answer));
      expect([others.piece, others.keys, others.group]).toEqual([wanted.piece, wanted.keys, wanted.group]);
      expect([...q, ...k]).toEqual([...wanted.q, ...wanted.k]);
      expect(logit.map(Number.isFinite as never)).toEqual(wanted.logit.map(Number.isFinite as never));
      dot.forEach((value, key) => {
        expect(value).toBeCloseTo(wanted.dot[key] as number, 3);
      });
      return near(weight, wanted.weight, 1e-4);
    }
    return samePredictions(reply as Predictions, answer.predictions as Predictions);
  });

  it("knows the model, and that the text stays as it is", async () => {
    const answered = await (await askOf("all"))({ kind: "about" });
    expect(answered).toMatchObject({ reply: { editable: false, fixed: /cannot be changed/ } });
  });

  it("refuses with a sentence what needs a kernel", async () => {
    const answered = await (await askOf("all"))({ kind: "bokeh" });
    expect(answered).toMatchObject({ status: "error", problem: { message: /saved page/ } });
  });
});

describe("a saved page of a long text", () => {
  const place = { text: "", part: "self", direction: "reads", source: "head" } as const;
  const frame = async (kind: string, change: object) =>
    (await askOf(kind))({ kind: "frame", ...place, layer: 1, head: 2, query: bank, ...change });

  it.each(["layer", "head"])("has the pinned %s whole", async (kind) => {
    for (const query of [
      [3, 4],
      [6, 7],
    ])
      expect(await frame(kind, { query })).toMatchObject({ status: "ok" });
    expect((await frame(kind, { head: 1, query: [9, 10] })).status).toBe(kind === "layer" ? "ok" : "error");
    expect((await frame(kind, { source: "layer" })).status).toBe(kind === "layer" ? "ok" : "error");
  });

  it("says the edits of maps that it makes itself", async () => {
    const saved = await readSaved(golden.pages.all as string);
    const frame = { ...saved.header.frame, edits: ["hide 1", "silence L0H1"] };
    const { ask } = embeddedSource({ ...saved, header: { ...saved.header, frame } });
    const heads = [
      [0, 1],
      [1, 2],
    ] as const;
    const answered = await ask({ kind: "frame", ...place, layer: 1, head: 2, query: bank, heads });
    const with_edits = "no renormalisation · with hide 1; silence L0H1 · rows";
    expect(answered).toMatchObject({ reply: { header: { recipe: expect.stringContaining(with_edits) } } });
  });

  it("has a small picture of the other heads, and exact weights of the saved query", async () => {
    const answered = await frame("layer", { layer: 0, head: 1 });
    if (answered.status !== "ok") throw new Error("no answer");
    const { reply } = answered;
    expect(reply.header).toMatchObject({ pooling: 4, recipe: /maximum over 4 x 4 tokens · saved in steps/ });
    expect(reply.matrix.shape).toEqual([3, 3]);
    expect(reply.row?.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    expect(reply.thumbnails?.shape).toEqual([4, 4, 12, 12]);
  });

  it("says what it does not have", async () => {
    const answered = await frame("layer", { layer: 0, head: 1, query: [9, 10] });
    expect(answered).toMatchObject({
      status: "error",
      problem: { message: /holds layer 1 completely.*“bank”/ },
    });
    const strip = { ...place, query: [9, 10], fusion: "mean", head: 0 } as const;
    expect((await (await askOf("layer"))({ kind: "strip", ...strip })).status).toBe("error");
    expect((await (await askOf("layer"))({ kind: "strip", ...strip, query: bank })).status).toBe("ok");
  });
});

describe("a model without a kernel", () => {
  it("keeps what is set, apart from where it began", () => {
    const state = { layer: 1 };
    const model = localModel(state);
    model.set("layer", 2);
    model.save_changes();
    expect([model.get("layer"), state.layer, model.get("head")]).toEqual([2, 1, undefined]);
  });
});
