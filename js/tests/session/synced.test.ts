import { effect } from "@preact/signals";
import { describe, expect, it, vi } from "vitest";
import { DemoModel } from "../../dev/model";
import { plainLook } from "../../src/session/look";
import { bindTraits } from "../../src/session/traits";

function open(state: Record<string, unknown> = {}) {
  const model = new DemoModel(null, {
    text: "a b",
    layer: 1,
    head: 0,
    query: [0, 1],
    direction: "reads",
    part: "self",
    ...state,
  });
  const save = vi.spyOn(model, "save_changes");
  const remote = vi.fn();
  const life = new AbortController();
  return { model, save, remote, life, synced: bindTraits(model, life.signal, remote) };
}

describe("traits and signals", () => {
  it("start alike", () => {
    const { signals } = open().synced;
    expect([signals.text.value, signals.layer.value, signals.query.value]).toEqual(["a b", 1, [0, 1]]);
  });

  it("follow Python, and tell", () => {
    const { model, synced, remote, save } = open();
    model.set("layer", 3);
    expect(synced.signals.layer.value).toBe(3);
    expect(remote.mock.calls).toEqual([["layer"]]);
    expect(save).not.toHaveBeenCalled();
  });

  it("write what differs once, without an echo", () => {
    const { model, synced, remote, save } = open();
    synced.write({ layer: 2, head: 0, query: [0, 1], text: "a b c" });
    expect(model.state).toMatchObject({ layer: 2, text: "a b c" });
    expect(save).toHaveBeenCalledTimes(1);
    expect(remote).not.toHaveBeenCalled();
    synced.write({ layer: 2, query: [0, 1] });
    expect(save).toHaveBeenCalledTimes(1);
  });

  it("take a value that comes back for what it is", () => {
    const { model, synced, remote } = open();
    synced.write({ query: [1, 2] });
    model.set("query", [1, 2]);
    expect(remote).not.toHaveBeenCalled();
  });

  it("stay whole when several change at once", () => {
    const { synced } = open();
    const seen: string[] = [];
    const end = effect(() => void seen.push(`${synced.signals.layer.value}.${synced.signals.head.value}`));
    synced.write({ layer: 5, head: 3 });
    end();
    expect(seen).toEqual(["1.0", "5.3"]);
  });

  it("survive values of the wrong kind", () => {
    const { signals } = open({ text: null, layer: "x", query: 7, direction: "up", part: undefined }).synced;
    expect([
      signals.text.value,
      signals.layer.value,
      signals.query.value,
      signals.direction.value,
      signals.part.value,
    ]).toEqual(["", 0, [0, 1], "reads", ""]);
  });

  it("are compared however deep they are", () => {
    const { model, synced, remote, save } = open({
      heads: [[0, 1]],
      look: { words: false },
      filter: "top 3",
    });
    synced.write({ heads: [[0, 1]], filter: "top 3" });
    model.set("heads", [[0, 1]]);
    model.set("look", { ...plainLook });
    expect([save.mock.calls.length, remote.mock.calls]).toEqual([0, []]);
    model.set("heads", [
      [0, 1],
      [1, 0],
    ]);
    model.set("look", { ...plainLook, words: true, sinks: "nonsense" });
    expect(synced.signals.heads.value).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(synced.signals.look.value).toEqual({ ...plainLook, words: true });
    expect(remote.mock.calls).toEqual([["heads"], ["look"]]);
  });

  it("survive a model that cannot save", () => {
    const { synced, save } = open();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    save.mockImplementation(() => {
      throw new Error("closed");
    });
    expect(() => synced.write({ layer: 4 })).not.toThrow();
    expect(synced.signals.layer.value).toBe(4);
  });

  it("let go of the model", () => {
    const { model, life } = open();
    life.abort();
    expect([...model.listeners.values()].every((known) => known.size === 0)).toBe(true);
  });
});
