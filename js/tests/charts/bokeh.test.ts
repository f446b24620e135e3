// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Bokeh, bokehOf, embed } from "../../src/charts/bokeh";
import { open } from "../opened";

type Page = { Bokeh?: unknown };
const page = window as unknown as Page;

/** What a browser does with a script, as this document does not: it runs it, and tells the window what it throws. */
function runScripts() {
  const append = document.head.append.bind(document.head);
  return vi.spyOn(document.head, "append").mockImplementation((element) => {
    append(element as Node);
    try {
      scripts[(element as HTMLElement).textContent ?? ""]?.();
    } catch (error) {
      window.dispatchEvent(new ErrorEvent("error", { error, message: String(error) }));
    }
  });
}

const library = (version: string) => ({ version, documents: [], embed: { embed_item: vi.fn() } });
const scripts: Record<string, () => void> = {
  good: () => {
    page.Bokeh = library("3.0.0");
  },
  other: () => {
    page.Bokeh = library("2.0.0");
  },
  half: () => {
    page.Bokeh = library("3.0.0");
    throw new Error("no plugins");
  },
  early: () => {
    throw new Error("no beginning");
  },
};

describe("the page's own Bokeh", () => {
  let heard: ReturnType<typeof vi.spyOn>;

  beforeEach(() => {
    heard = runScripts();
  });

  afterEach(() => {
    heard.mockRestore();
    Reflect.deleteProperty(page, "Bokeh");
    Reflect.deleteProperty(window, Symbol.for("attnwidget.bokeh"));
  });

  const own = { version: "2.4.3" };
  const states: [string, () => void][] = [
    ["is not there", () => {}],
    [
      "is there",
      () => {
        page.Bokeh = own;
      },
    ],
    ["cannot be seen", () => Object.defineProperty(page, "Bokeh", { value: own, configurable: true })],
    [
      "is made when it is asked for",
      () => Object.defineProperty(page, "Bokeh", { get: () => own, configurable: true }),
    ],
  ];
  const ends = ["good", "other", "half", "early"].map((name) => [name, async () => name] as const);
  const cases = states.flatMap(([state, set]) =>
    ends.map(([name, script]) => [state, name, set, script] as const),
  );

  it.each(cases)("which %s is as before after a script: %s", async (_, name, set, script) => {
    set();
    const before = Object.getOwnPropertyDescriptor(page, "Bokeh");
    const keys = Object.getOwnPropertyNames(window).sort();
    const loading = bokehOf("3.0.0", script);
    if (name === "good") expect((await loading).version).toBe("3.0.0");
    else await expect(loading).rejects.toThrow("could not run the script");
    expect(Object.getOwnPropertyDescriptor(page, "Bokeh")).toEqual(before);
    expect(Object.getOwnPropertyNames(window).sort()).toEqual(keys);
  });

  it("is as before where the page lets no script in, and says why there is no chart", async () => {
    page.Bokeh = own;
    heard.mockImplementation(() => {
      throw new TypeError("This document requires 'TrustedScript' assignment.");
    });
    await expect(bokehOf("3.0.0", async () => "good")).rejects.toThrow("TrustedScript");
    expect(page.Bokeh).toBe(own);
  });

  it("is as before when two explorers load at once, and one of them is closed meanwhile", async () => {
    page.Bokeh = own;
    const first = bokehOf("3.0.0", () => Promise.reject(new Error("The explorer was closed.")));
    const second = bokehOf("3.0.0", async () => "good");
    const third = bokehOf("2.0.0", async () => "other");
    await expect(first).rejects.toThrow("closed");
    expect((await second).version).toBe("3.0.0");
    expect((await third).version).toBe("2.0.0");
    expect(page.Bokeh).toBe(own);
  });
});

/** Enough of Bokeh to leak as it does: views that listen to the page and never let go. */
function leaky() {
  const documents: FakeDocument[] = [];
  class FakeDocument {
    readonly all_models: object[] = [];
    cleared = false;
    constructor(readonly root_id: string) {
      documents.push(this);
    }
    roots() {
      return [{ id: this.root_id }];
    }
    clear() {
      this.cleared = true;
    }
  }
  class View {
    constructor(readonly model: { document: FakeDocument }) {}
    initialize() {}
    connect_signals() {}
  }
  class PlotView extends View {
    override initialize() {
      super.initialize();
      document.addEventListener("fullscreenchange", () => this.model);
    }
    override connect_signals() {
      super.connect_signals();
      window.addEventListener("resize", () => this.model);
    }
  }
  const embed_item = async (item: unknown) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const own = new FakeDocument((item as { root_id: string }).root_id);
    const view = new PlotView({ document: own });
    view.initialize();
    await Promise.resolve();
    if ((item as { bad?: true }).bad) throw new Error("Model 'Odd' does not exist.");
    view.connect_signals();
    await Promise.resolve();
    return { roots: [view], clear: () => {} };
  };
  const Models = { get: () => ({ prototype: { default_view: PlotView } }) };
  return { documents, bokeh: { version: "3", documents, embed: { embed_item }, Models } as unknown as Bokeh };
}

describe("the listeners of a figure", () => {
  const listening = new Set<unknown>();
  const spies: { mockRestore(): void }[] = [];

  beforeEach(() => {
    listening.clear();
    for (const target of [window, document] as EventTarget[]) {
      spies.push(
        vi.spyOn(target, "addEventListener").mockImplementation((_, listener) => listening.add(listener)),
      );
      spies.push(
        vi
          .spyOn(target, "removeEventListener")
          .mockImplementation((_, listener) => listening.delete(listener)),
      );
    }
  });

  afterEach(() => {
    for (const spy of spies.splice(0)) spy.mockRestore();
  });

  it("go with it, twenty times", async () => {
    const { bokeh, documents } = leaky();
    for (let each = 0; each < 20; each++) {
      const life = new AbortController();
      await embed(bokeh, { root_id: `p${each}` }, document.createElement("div"), life.signal);
      expect([listening.size, documents.length]).toEqual([2, 1]);
      life.abort();
      expect([listening.size, documents.length]).toEqual([0, 0]);
    }
  });

  it("go with it when it fails half way, and no other figure's do", async () => {
    const { bokeh, documents } = leaky();
    const life = new AbortController();
    const place = () => document.createElement("div");
    await embed(bokeh, { root_id: "good" }, place(), life.signal);
    for (let each = 0; each < 20; each++) {
      const failing = embed(bokeh, { root_id: `p${each}`, bad: true }, place(), new AbortController().signal);
      await expect(failing).rejects.toThrow("'Odd'");
    }
    expect([listening.size, documents.length, documents[0]?.cleared]).toEqual([2, 1, false]);
    life.abort();
    expect([listening.size, documents.length]).toEqual([0, 0]);
  });

  it("leave another view of the same figure alone, which was drawn while this one failed", async () => {
    const { bokeh, documents } = leaky();
    const place = () => document.createElement("div");
    const { signal } = new AbortController();
    await Promise.allSettled([
      embed(bokeh, { root_id: "p" }, place(), signal),
      embed(bokeh, { root_id: "p", bad: true }, place(), signal),
    ]);
    expect([documents.length, documents[0]?.cleared]).toEqual([1, false]);
  });

  it("are its own: those that others add meanwhile stay", async () => {
    const { bokeh } = leaky();
    const life = new AbortController();
    const embedded = embed(bokeh, { root_id: "p" }, document.createElement("div"), life.signal);
    const others = () => {};
    const added = new Promise<void>((resolve) =>
      setTimeout(() => resolve(window.addEventListener("resize", others)), 0),
    );
    await Promise.all([embedded, added]);
    life.abort();
    expect([...listening]).toEqual([others]);
  });
});

describe("an explorer", () => {
  it("does not remember each chart that it asked for", async () => {
    const { session, asked, life } = open({ chart: 1 });
    let waiting = 0;
    const { signal } = life;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    vi.spyOn(signal, "addEventListener").mockImplementation((...given: Parameters<typeof add>) => {
      waiting++;
      add(...given);
    });
    vi.spyOn(signal, "removeEventListener").mockImplementation((...given: Parameters<typeof remove>) => {
      waiting--;
      remove(...given);
    });
    for (let each = 0; each < 20; each++) {
      const script = session.charts.script();
      await asked.at(-1)?.answer(each % 2 === 0 ? { status: "ok", reply: "text" } : { status: "superseded" });
      await script.catch(() => {});
    }
    expect(waiting).toBe(0);
  });
});
