/** A view of Bokeh, as far as its listeners go. */
interface ChartView {
  readonly model?: { readonly document?: object | null };
  readonly root?: { readonly model?: { readonly document?: object | null } };
}

type Method = (this: ChartView, ...given: unknown[]) => unknown;
type ViewClass = Record<PropertyKey, unknown> & Record<"initialize" | "connect_signals", Method>;

interface Library {
  readonly Models?: { get(name: string): { prototype: { default_view?: { prototype: object } } } | null };
}

const mended = Symbol.for("attnwidget.bokeh.listeners");

/**
 * Bokeh's views listen to the page and never stop: each figure would stay for as long as the page does.
 * A view adds its listeners while it is made and connected, without a pause; what it adds in that time is kept by its document.
 */
export function tidy({ Models }: Library): void {
  const view = baseOf(Models?.get("Plot")?.prototype.default_view?.prototype);
  if (view === null || view[mended] === true) return;
  view[mended] = true;
  for (const name of ["initialize", "connect_signals"] as const) {
    const before = view[name];
    // Called first by each subclass, so that all that follows until the next pause is the view's.
    view[name] = function (this: ChartView, ...given) {
      const owner = this.root?.model?.document ?? this.model?.document;
      if (owner != null) collect(owner);
      return before.apply(this, given);
    };
  }
}

/** The class of all views. */
function baseOf(found: object | undefined): ViewClass | null {
  let base = found ?? null;
  for (let next = base; next !== null && next !== Object.prototype; next = Object.getPrototypeOf(next))
    base = next;
  const view = base as ViewClass | null;
  return typeof view?.initialize === "function" && typeof view.connect_signals === "function" ? view : null;
}

type Listened = Pick<EventTarget, "addEventListener" | "removeEventListener">;

const key = Symbol.for("attnwidget.bokeh.lives");

/** What ends with a document. In common for all explorers of a page, as Bokeh is. */
function lives(): WeakMap<object, AbortController> {
  const page = window as unknown as Record<symbol, WeakMap<object, AbortController> | undefined>;
  page[key] ??= new WeakMap();
  return page[key] as WeakMap<object, AbortController>;
}

/** Takes away what views of a document listen to. */
export function letGo(owner: object): void {
  lives().get(owner)?.abort();
}

let collecting: AbortController | null = null;

/** Until the next pause, what is listened to on what outlives a figure ends with its owner. */
function collect(owner: object): void {
  const life = lives().get(owner) ?? new AbortController();
  lives().set(owner, life);
  const idle = collecting === null;
  collecting = life;
  if (!idle) return;
  const targets: Listened[] = [window, document];
  if (window.visualViewport != null) targets.push(window.visualViewport);
  const restore = targets.map(intercept);
  queueMicrotask(() => {
    collecting = null;
    for (const each of restore) each();
  });
}

function intercept(target: Listened): () => void {
  const before = Object.getOwnPropertyDescriptor(target, "addEventListener");
  const add = target.addEventListener;
  const value = (...given: Parameters<Listened["addEventListener"]>) => {
    add.apply(target, given);
    collecting?.signal.addEventListener("abort", () => target.removeEventListener(...given), { once: true });
  };
  Object.defineProperty(target, "addEventListener", { value, configurable: true, writable: true });
  return () => {
    Reflect.deleteProperty(target, "addEventListener");
    if (before !== undefined) Object.defineProperty(target, "addEventListener", before);
  };
}
