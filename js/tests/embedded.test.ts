import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { embeddedSource, localModel, readSaved } from "../src/source/embedded";
import { decodeFrame, decodeTile } from "../src/wire/decode";
import { readStrip } from "../src/wire/strip";
import type { Ask, Frame, Request, Strip, Tile } from "../src/wire/types";
import { path } from "./files";

interface Asked {
  readonly request: Request;
  readonly answer: { readonly buffer: string | null; readonly [field: string]: unknown };
}

const golden: { pages: Record<string, string>; asked: Asked[] } = JSON.parse(
  readFileSync(path("../tests/fixtures/saved_v1.json"), "utf8"),
);

/** Half a step, and a little for the mean of several. */
const relative = 0.026;

const askOf = async (kind: string): Promise<Ask> => {
  const saved = await readSaved(golden.pages[kind] as string);
  return embeddedSource(saved).ask;
};

const bytes = (base64: string | null) => new Uint8Array(Buffer.from(base64 ?? "", "base64"));

function near(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  Array.from(wanted, (value, index) => {
    if (Number.isNaN(value)) return expect(found[index]).toBeNaN();
    return expect(Math.abs((found[index] as number) - value)).toBeLessThanOrEqual(value * tolerance + 1e-5);
  });
}

/** A recipe of a saved page ends by saying what is not exact. */
const bare = (recipe: string) => recipe.replace(" · saved in steps of 5 %", "");

function sameFrame(found: Frame, wanted: Frame): void {
  const { blocks, timing, recipe, ...told } = found.header;
  const { blocks: _, timing: __, recipe: wished, ...expected } = wanted.header;
  expect(told).toEqual(expected);
  expect(bare(recipe)).toBe(wished);
  const exact = blocks[0]?.dtype === "f32";
  expect(recipe === wished).toBe(exact);
  near(found.matrix.data, wanted.matrix.data, exact ? 1e-6 : relative);
  const known = told.query[0] === 3 && told.query[1] === 4 && told.source !== "rollout";
  near(found.row, wanted.row, known ? 1e-6 : relative);
  near(found.column, wanted.column, known ? 1e-6 : relative);
  for (const name of ["thumbnails", "previews"] as const) {
    expect(found[name]?.shape).toEqual(wanted[name]?.shape);
    const far = Array.from(wanted[name]?.data ?? [], (byte, at) =>
      Math.abs(byte - (found[name]?.data[at] ?? 0)),
    );
    expect(Math.max(0, ...far)).toBeLessThanOrEqual(4);
  }
}

describe("a saved page with all heads", () => {
  it.each(golden.asked)("answers as the kernel does: $request", async ({ request, answer }) => {
    const answered = await (await askOf("all"))(request as never);
    expect(answered.status).toBe("ok");
    const reply = (answered as { reply: unknown }).reply;
    if (request.kind === "frame" || request.kind === "preview")
      return sameFrame(reply as Frame, decodeFrame(bytes(answer.buffer)));
    if (request.kind === "tile" || request.kind === "cell") {
      const wanted = decodeTile(bytes(answer.buffer));
      expect(reply).toMatchObject({ rows: wanted.rows, columns: wanted.columns });
      return near((reply as Tile).values, wanted.values, relative);
    }
    if (request.kind === "strip") {
      const { values, recipe, ...told } = reply as Strip;
      const { values: numbers, recipe: wished, ...expected } = readStrip(answer.strip, bytes(answer.buffer));
      expect(told).toEqual(expected);
      expect(bare(recipe)).toBe(wished);
      return near(values, numbers, relative);
    }
    return expect(reply).toEqual(answer.predictions);
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
    (await askOf(kind))({ kind: "frame", ...place, layer: 1, head: 2, query: [3, 4], ...change });

  it.each(["layer", "head"])("has the pinned %s whole", async (kind) => {
    for (const query of [
      [3, 4],
      [6, 7],
    ])
      expect(await frame(kind, { query })).toMatchObject({ status: "ok" });
    expect((await frame(kind, { head: 1, query: [6, 7] })).status).toBe(kind === "layer" ? "ok" : "error");
    expect((await frame(kind, { source: "layer" })).status).toBe(kind === "layer" ? "ok" : "error");
  });

  it("has a small picture of the other heads, and exact weights of the saved query", async () => {
    const answered = await frame("layer", { layer: 0, head: 1 });
    if (answered.status !== "ok") throw new Error("no answer");
    const { reply } = answered;
    expect(reply.header).toMatchObject({ pooling: 3, recipe: /maximum over 3 x 3 tokens · saved in steps/ });
    expect(reply.matrix.shape).toEqual([3, 3]);
    expect(reply.row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    expect(reply.thumbnails?.shape).toEqual([2, 3, 9, 9]);
  });

  it("says what it does not have", async () => {
    const answered = await frame("layer", { layer: 0, head: 1, query: [6, 7] });
    expect(answered).toMatchObject({ status: "error", problem: { message: /holds layer 1 whole.*“bank”/ } });
    const strip = { ...place, query: [6, 7], fusion: "mean", head: 0 } as const;
    expect((await (await askOf("layer"))({ kind: "strip", ...strip })).status).toBe("error");
    expect((await (await askOf("layer"))({ kind: "strip", ...strip, query: [3, 4] })).status).toBe("ok");
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
