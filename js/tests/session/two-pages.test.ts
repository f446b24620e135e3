import { describe, expect, it } from "vitest";
import { FakeKernel } from "../../dev/fake";
import { models } from "../../dev/fake-models";
import { DemoModel } from "../../dev/model";
import { Session } from "../../src/session/session";
import { kernelSource } from "../../src/source/kernel";
import type { Request } from "../../src/wire/types";
import { until } from "../until";

const traits = {
  text: "The river bank was quiet",
  pair: "",
  layer: 0,
  head: 1,
  heads: [[0, 1]],
  query: [4, 5],
  direction: "reads",
  part: "self",
};

/** Pages on one kernel, which echoes what one of them writes to all others, as ipywidgets does. */
function pages(count: number) {
  const kernel = new FakeKernel(models.causal as never);
  const life = new AbortController();
  const written: { by: number; state: Record<string, unknown> }[] = [];
  const opened = Array.from({ length: count }, (_, by) => {
    const model = new DemoModel(kernel, { ...traits }, 0);
    let changed: Record<string, unknown> = {};
    const set = model.set.bind(model);
    model.set = (name, value) => {
      changed[name] = value;
      set(name, value);
    };
    model.save_changes = () => {
      const state = changed;
      changed = {};
      written.push({ by, state });
      setTimeout(() => {
        for (const [other, page] of opened.entries())
          if (other !== by) for (const [name, value] of Object.entries(state)) page.hear(name, value);
      }, 0);
    };
    const source = kernelSource(model as never, life.signal);
    const session = new Session(model, source, life.signal);
    const hear = (name: string, value: unknown) => {
      if (JSON.stringify(model.state[name]) !== JSON.stringify(value)) set(name, value);
    };
    return { model, session, hear };
  });
  for (const { session } of opened) session.start();
  return { opened, written, life };
}

describe("two pages on one kernel", () => {
  it("show what is typed in either, and neither answers the other by writing", async () => {
    const { opened, written, life } = pages(2);
    const [one, other] = opened as [(typeof opened)[0], (typeof opened)[0]];
    await until(() => expect(other.session.shown.value?.text).toBe(traits.text));
    written.length = 0;
    for (const text of ["The river bank was", "The river bank", "The river"])
      one.session.edit(text, [text.length, text.length], 0);
    await until(() => expect(other.session.shown.value?.text).toBe("The river"));
    expect(other.session.traits.text.value).toBe("The river");
    await until(() => expect(one.session.shown.value?.frame.header.query).toEqual([1, 2]));
    await until(() => expect(other.session.shown.value?.frame.header.query).toEqual([1, 2]));
    expect(written.filter(({ by }) => by === 1)).toEqual([]);
    // And the other way round.
    other.session.edit("The river flows", [15, 15], 0);
    await until(() => expect(one.session.shown.value?.text).toBe("The river flows"));
    life.abort();
  });

  it("ask as two: every message says whose it is", async () => {
    const { opened, life } = pages(2);
    const askers = opened.map(({ model }) => (model.sent[0] as Request & { asker: string }).asker);
    expect(new Set(askers).size).toBe(2);
    for (const asker of askers) expect(asker.length).toBeGreaterThan(3);
    life.abort();
  });
});
