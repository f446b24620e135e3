// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DemoModel } from "../dev/model";

// What the page and the explorers of a program have in common; each loader here is a module of its own, as in Jupyter.
const page = globalThis as unknown as Record<PropertyKey, unknown>;
const style = ".attnwidget .aw-frame, .attnwidget[data-theme] { color: red }";

/** A program that writes its name into its element. Blobs cannot be imported here: an address that says the same takes their place. */
const program = (name: string) => `
  globalThis.ran.push(${JSON.stringify(name)});
  export default () => ({
    initialize: ({ model }) => { globalThis.begun.push(model.get("text")); return () => globalThis.begun.pop(); },
    render: ({ model, el }) => {
      el.append(${JSON.stringify(name)} + " shows " + model.get("text"));
      return () => globalThis.closed.push(model.get("text"));
    },
  });`;

async function loader(name: string) {
  vi.resetModules();
  page.attnwidgetProgram = name;
  return (await import("../src/loader")).default;
}

type Loader = Awaited<ReturnType<typeof loader>>;

function show(make: Loader, text: string, how: { initialized?: boolean; views?: number } = {}) {
  const model = new DemoModel(null, { text });
  const { initialize, render } = make();
  const context = { model, signal: new AbortController().signal };
  const end = how.initialized === false ? () => {} : (initialize(context as never) as unknown as () => void);
  const hosts = Array.from({ length: how.views ?? 1 }, () =>
    document.body.appendChild(document.createElement("div")),
  );
  const closes = hosts.map((el) => render({ ...context, el } as never) as unknown as () => void);
  const asked = () => model.sent as { id: string; kind: string; name: string }[];
  const answer = (script = program("one"), more: object = {}) => {
    const buffers = [script, style].map((each) => new DataView(new TextEncoder().encode(each).buffer));
    model.fire("msg:custom", { id: asked().at(-1)?.id, status: "ok", ...more }, buffers);
  };
  const said = () => hosts.map((host) => host.textContent);
  const listening = () => [...model.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  return { model, hosts, closes, end, asked, answer, said, listening };
}

/** Imports take turns of their own, whatever the clock says. */
async function arrived() {
  for (let times = 0; times < 20; times++) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  Object.assign(page, { ran: [], begun: [], closed: [] });
  vi.stubGlobal(
    "Blob",
    class {
      constructor(readonly parts: readonly DataView[]) {}
    },
  );
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    const text = new TextDecoder().decode((blob as unknown as { parts: [DataView] }).parts[0]);
    return `data:text/javascript,${encodeURIComponent(`${text} // ${Math.random()}`)}`;
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  document.body.replaceChildren();
  document.adoptedStyleSheets = [];
  for (const key of Object.getOwnPropertySymbols(page))
    if (key.description?.startsWith("attnwidget.program")) delete page[key];
});

describe("the loader", () => {
  it("asks once for all explorers of a page, and runs one program", async () => {
    const [first, second] = [show(await loader("p1"), "one", { views: 2 }), show(await loader("p1"), "two")];
    expect(first.asked()).toMatchObject([{ kind: "program", name: "p1" }]);
    expect(second.asked()).toEqual([]);
    first.answer();
    await arrived();
    expect(first.said()).toEqual(["one shows one", "one shows one"]);
    expect(second.said()).toEqual(["one shows two"]);
    const third = show(await loader("p1"), "three");
    await arrived();
    expect(third.said()).toEqual(["one shows three"]);
    expect(third.asked()).toEqual([]);
    expect(page.ran).toEqual(["one"]);
    expect(page.begun).toEqual(["one", "two", "three"]);
    expect(document.adoptedStyleSheets.length).toBe(1);
    second.closes[0]?.();
    expect(page.closed).toEqual(["two"]);
    expect(second.hosts[0]?.childElementCount).toBe(0);
    third.end();
    expect(page.begun).toEqual(["one", "two"]);
  });

  it("keeps two versions apart, their styles too", async () => {
    const [old, newer] = [show(await loader("p1"), "old"), show(await loader("p2"), "new")];
    old.answer(program("first"));
    newer.answer(program("second"));
    await arrived();
    expect([...old.said(), ...newer.said()]).toEqual(["first shows old", "second shows new"]);
    const rules = document.adoptedStyleSheets.map((sheet) => sheet.cssRules[0]?.cssText ?? "");
    expect(rules.length).toBe(2);
    for (const [index, name] of ["p1", "p2"].entries())
      expect(rules[index]?.split(`:where([data-program="${name}"]) .attnwidget`).length).toBe(3);
    expect(old.hosts[0]?.querySelector('[data-program="p1"]')).not.toBeNull();
  });

  it("does without a host that initializes, and shows what came of the model meanwhile", async () => {
    const shown = show(await loader("p1"), "before", { initialized: false, views: 2 });
    expect(shown.asked().length).toBe(1);
    shown.model.set("text", "meanwhile");
    shown.answer();
    await arrived();
    expect(shown.said()).toEqual(["one shows meanwhile", "one shows meanwhile"]);
    expect(page.begun).toEqual([]);
    expect(shown.listening()).toBe(0);
  });

  it("waits quietly, says when nobody answers, and goes on listening", async () => {
    const shown = show(await loader("p1"), "late");
    expect(shown.said()).toEqual([""]);
    vi.advanceTimersByTime(600);
    expect(shown.said()).toEqual(["waiting for the kernel…"]);
    vi.advanceTimersByTime(10_000);
    expect(shown.said()[0]).toMatch(/^No kernel has answered.*run this cell again, or wait/);
    shown.model.fire("comm_live_update");
    expect(shown.said()[0]).toMatch(/was restarted or has ended/);
    shown.answer();
    await arrived();
    expect(shown.said()).toEqual(["one shows late"]);
    vi.advanceTimersByTime(20_000);
    expect(shown.said()).toEqual(["one shows late"]);
  });

  it("asks twice more where nobody answers, as the first question may wait behind all cells that run", async () => {
    const shown = show(await loader("p1"), "one");
    vi.advanceTimersByTime(2_900);
    expect(shown.asked().length).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(shown.asked().length).toBe(3);
    shown.answer();
    await arrived();
    expect(shown.said()).toEqual(["one shows one"]);
    vi.advanceTimersByTime(60_000);
    expect(shown.asked().length).toBe(3);
  });

  it("gives another explorer's kernel a moment, and then asks its own", async () => {
    const [dead, alive] = [show(await loader("p1"), "dead"), show(await loader("p1"), "alive")];
    vi.advanceTimersByTime(1_900);
    expect(alive.asked()).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(alive.asked().length).toBe(1);
    alive.answer();
    await arrived();
    expect([...dead.said(), ...alive.said()]).toEqual(["one shows dead", "one shows alive"]);
    dead.model.fire("msg:custom", { id: dead.asked()[0]?.id, status: "ok" }, []);
    expect(page.ran).toEqual(["one"]);
  });

  it("is survived by others when it ends before it was answered, and leaves nothing behind", async () => {
    const [first, second] = [show(await loader("p1"), "one"), show(await loader("p1"), "two")];
    first.closes[0]?.();
    first.end();
    expect(first.listening()).toBe(0);
    first.answer();
    await arrived();
    expect(page.ran).toEqual([]);
    vi.advanceTimersByTime(2_100);
    second.answer();
    await arrived();
    expect(second.said()).toEqual(["one shows two"]);
    expect(page.begun).toEqual(["two"]);
    expect(second.listening()).toBe(0);
    show(await loader("p1"), "three").end(); // at once, while the program is already there
    await arrived();
    expect(page.begun).toEqual(["two"]);
  });

  it("says what the kernel refuses and what does not run, and leaves the next one to try again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const make = await loader("p1");
    const refused = show(make, "one");
    refused.answer("", { status: "error", message: "Run the cell again." });
    await arrived();
    expect(refused.said()[0]).toMatch(/could not be opened: Run the cell again\.$/);
    vi.advanceTimersByTime(2_100);
    const broken = show(make, "two");
    broken.answer("throw new Error('no such thing')");
    await arrived();
    expect(broken.said()[0]).toMatch(/could not be opened: no such thing$/);
    const again = show(make, "three");
    expect(again.asked().length).toBe(1);
    again.answer();
    await arrived();
    expect(again.said()).toEqual(["one shows three"]);
  });

  it("dresses the shadow root that it stands in", async () => {
    const make = await loader("p1");
    const outer = document.body.appendChild(document.createElement("div"));
    const root = outer.attachShadow({ mode: "open" });
    const model = new DemoModel(null, { text: "inside" });
    for (const _ of [1, 2]) {
      const el = root.appendChild(document.createElement("div"));
      make().render({ model, el } as never);
    }
    const { id } = model.sent[0] as { id: string };
    const buffers = [program("one"), style].map(
      (each) => new DataView(new TextEncoder().encode(each).buffer),
    );
    model.fire("msg:custom", { id, status: "ok" }, buffers);
    await arrived();
    expect(root.textContent).toBe("one shows insideone shows inside");
    expect(root.adoptedStyleSheets.length).toBe(1);
    expect(document.adoptedStyleSheets.length).toBe(0);
  });
});
