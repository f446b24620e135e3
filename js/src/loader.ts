import type { AnyModel, Initialize, Render } from "@anywidget/types";
import { lost } from "./wire/problem";

declare const attnwidgetProgram: string;

/** The name of the program that belongs to this loader, written into it when both are built. */
const programName = attnwidgetProgram;

/** What the program exports, and hosts expect of a widget. */
interface Widget {
  initialize(context: Context): unknown;
  render(context: Context & { el: HTMLElement }): unknown;
}

interface Context {
  readonly model: AnyModel;
  readonly [more: string]: unknown;
}

interface Program {
  readonly default: () => Widget;
}

/** One for each program that is, or will be, on the page: every explorer has this module for itself, but the page in common. */
interface Shelf {
  program: Promise<Program> | null;
  readonly waiting: Set<(program: Promise<Program>) => void>;
  /** When somebody has asked for it last, by performance.now(). */
  asked: number;
  readonly style: CSSStyleSheet;
}

/** Milliseconds: until a word is said, until nobody seems to answer, and that one explorer gives another's question. */
const quiet = 500;
const patience = 10_000;
const turn = 2_000;

/** How often more an explorer asks, that has no answer. */
const repeats = 2;

// A loader of another version may meet the same program here: what a shelf is may not change under its name.
const key = Symbol.for(`attnwidget.program.${programName}`);

function shelf(): Shelf {
  const page = globalThis as unknown as Record<symbol, Shelf | undefined>;
  page[key] ??= {
    program: null,
    waiting: new Set(),
    asked: Number.NEGATIVE_INFINITY,
    style: new CSSStyleSheet(),
  };
  return page[key];
}

/** All of the page that a notebook stores: the program comes from the kernel, once for all explorers of a page. */
export default () => {
  let opened: Promise<Widget> | undefined;

  const initialize: Initialize = (context) => {
    const life = new AbortController();
    let end: unknown;
    // Not awaited: a host hands on no message, the program's least of all, before this has returned.
    opened = programOf(context.model, life.signal).then(({ default: make }) => {
      const widget = make();
      if (!life.signal.aborted) end = widget.initialize(context as unknown as Context);
      return widget;
    });
    opened.catch(() => {}); // the views say it
    return () => {
      life.abort();
      opened = undefined;
      call(end);
    };
  };

  const render: Render = (context) => {
    const life = new AbortController();
    const place = document.createElement("div");
    place.dataset.program = programName;
    context.el.append(place);
    let close: unknown;
    const still = waiting(place, context.model, life.signal);
    // A host that does not initialize has a widget for every view.
    const arrived = opened ?? programOf(context.model, life.signal).then(({ default: make }) => make());
    arrived
      .then((widget) => {
        if (life.signal.aborted) return;
        still.end();
        dress(place, life.signal);
        close = widget.render({ ...(context as unknown as Context), el: place });
      })
      .catch((error) => {
        console.error(error);
        still.say(
          `The explorer could not be opened: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
    return () => {
      life.abort();
      call(close);
      place.remove();
    };
  };

  return { initialize, render };
};

function call(end: unknown): void {
  if (typeof end === "function") end();
}

/** The program, as soon as some explorer of the page has been given it; never, once the signal ends. */
function programOf(model: AnyModel, signal: AbortSignal): Promise<Program> {
  const page = shelf();
  if (page.program !== null) return page.program;
  return new Promise((resolve, reject) => {
    const id = `program-${Math.random().toString(36).slice(2, 10)}`;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const stop = () => {
      clearTimeout(timer);
      page.waiting.delete(arrive);
      model.off("msg:custom", hear);
    };
    const arrive = (program: Promise<Program>) => {
      stop();
      resolve(program);
    };
    const hear = (content: unknown, buffers?: readonly (ArrayBuffer | ArrayBufferView<ArrayBuffer>)[]) => {
      const answer = content as { id?: unknown; status?: unknown; message?: unknown } | null;
      if (answer?.id !== id) return;
      const [script, style] = buffers ?? [];
      if (answer.status === "ok" && script !== undefined && style !== undefined) put(page, script, style);
      else {
        stop();
        reject(new Error(String(answer.message ?? "the kernel's answer came without the program.")));
      }
    };
    // Where several open at once, one asks for all. Another's kernel may be busy or gone: its question is waited for, but not long.
    // While cells run, JupyterLab lets the first messages of a widget wait behind all of them, but not those that follow, once the
    // widget has a channel of its own.
    const ask = (left: number) => {
      const early = page.asked + turn - performance.now();
      if (early > 0) timer = setTimeout(ask, early, left);
      else {
        page.asked = performance.now();
        if (left > 0) timer = setTimeout(ask, 1.5 * turn, left - 1);
        try {
          model.send({ id, kind: "program", name: programName });
        } catch (error) {
          console.warn("attnwidget: could not send to the kernel", error);
        }
      }
    };

    page.waiting.add(arrive);
    model.on("msg:custom", hear);
    signal.addEventListener("abort", stop, { once: true });
    ask(repeats);
  });
}

/** Runs what the kernel sent, once, and gives it to all who wait. What does not run is forgotten: the next explorer asks again. */
function put(page: Shelf, script: BlobPart, style: ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
  if (page.program === null) {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    page.program = import(url);
    page.program
      .catch(() => {
        page.program = null;
        page.asked = Number.NEGATIVE_INFINITY;
      })
      .finally(() => URL.revokeObjectURL(url));
    // Another version's explorers may stand on the same page: to each its own style.
    const within = `:where([data-program="${programName}"]) .attnwidget`;
    page.style.replaceSync(new TextDecoder().decode(style).replaceAll(".attnwidget", within));
  }
  for (const arrive of [...page.waiting]) arrive(page.program);
}

/** Gives the style to the page, or to the shadow root, that an element stands in. */
function dress(place: HTMLElement, signal: AbortSignal): void {
  const { style } = shelf();
  const look = () => {
    const around = place.getRootNode();
    const root = around instanceof Document || around instanceof ShadowRoot ? around : document;
    if (!root.adoptedStyleSheets.includes(style))
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
  };
  look();
  if (place.isConnected) return;
  // A view may be made before it is on the page: its first size tells, before it is painted, that it has arrived.
  const arrival = new ResizeObserver(look);
  arrival.observe(place);
  signal.addEventListener("abort", () => arrival.disconnect(), { once: true });
}

/** What stands in an explorer's place until it comes. */
function waiting(place: HTMLElement, model: AnyModel, signal: AbortSignal) {
  const line = document.createElement("div");
  line.setAttribute("role", "status");
  line.style.cssText =
    "box-sizing:border-box;max-width:1100px;padding:10px 14px;border-radius:10px;" +
    "border:1px solid color-mix(in srgb,currentColor 18%,transparent);" +
    "color:color-mix(in srgb,currentColor 70%,transparent);" +
    "font:400 13px/1.5 var(--jp-ui-font-family,system-ui,-apple-system,sans-serif)";
  const say = (sentence: string) => {
    stop();
    line.textContent = sentence;
    place.append(line);
  };
  const gone = () => say(lost);
  const timers = [
    setTimeout(() => {
      line.textContent = "waiting for the kernel…";
      place.append(line);
    }, quiet),
    setTimeout(say, patience, unanswered),
  ];
  const stop = () => timers.forEach(clearTimeout);
  const end = () => {
    stop();
    line.remove();
    for (const event of ["comm_live_update", "comm:close"]) model.off(event, gone);
  };
  for (const event of ["comm_live_update", "comm:close"]) model.on(event, gone);
  signal.addEventListener("abort", end, { once: true });
  return { say, end };
}

const unanswered =
  "No kernel has answered yet: run this cell again, or wait, if another one is still running.";
