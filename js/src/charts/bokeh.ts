import { loadOnce } from "../session/answers/charts";
import { letGo, tidy } from "./bokeh-listeners";

/** The part of BokehJS that a chart needs. */
export interface Bokeh {
  readonly version: string;
  readonly documents: ChartDocument[];
  readonly embed: { embed_item(item: unknown, element: HTMLElement): Promise<ChartViews> };
  readonly Models?: { get(name: string): { prototype: { default_view?: { prototype: object } } } | null };
}

export interface ChartDocument {
  readonly all_models: Iterable<object>;
  /** The models that are shown, by their own. */
  roots?(): readonly { readonly id: string }[];
  clear(): void;
}

export interface ChartModel {
  readonly document: ChartDocument | null;
  readonly width?: number | null;
  readonly sizing_mode?: string | null;
  setv(change: object): void;
}

export interface ChartViews {
  readonly roots: readonly { readonly model: ChartModel }[];
  clear(): void;
}

type Page = Record<PropertyKey, unknown> & { Bokeh?: (Bokeh & Record<string, Bokeh>) | undefined };

const key = Symbol.for("attnwidget.bokeh");

/** BokehJS of a version, loaded at most once per page: every explorer has this module for itself, but the page in common. */
export function bokehOf(version: string, script: () => Promise<string>): Promise<Bokeh> {
  const page = window as unknown as Page;
  page[key] ??= new Map<string, Promise<Bokeh>>();
  const known = page[key] as Map<string, Promise<Bokeh>>;
  const there = page.Bokeh?.version === version ? page.Bokeh : page.Bokeh?.[version];
  if (there !== undefined && !known.has(version)) known.set(version, Promise.resolve(there));
  return loadOnce(known, version, async () => run(page, version, await script()));
}

/** Runs the script, and leaves to the page the Bokeh that it had, whatever happens: two versions must not take each other's place. */
function run(page: Page, version: string, text: string): Bokeh {
  const before = Object.getOwnPropertyDescriptor(page, "Bokeh");
  let thrown: unknown = null;
  const hear = ({ error, message }: ErrorEvent) => {
    thrown ??= error ?? message;
  };
  window.addEventListener("error", hear);
  try {
    // What is declared by `var` stays, and can only be set.
    if (!Reflect.deleteProperty(page, "Bokeh")) page.Bokeh = undefined;
    const element = document.createElement("script");
    element.textContent = text;
    document.head.append(element);
    element.remove();
    const found = page.Bokeh as Bokeh | undefined;
    if (thrown === null && found?.version === version) return found;
  } catch (error) {
    thrown ??= error;
  } finally {
    window.removeEventListener("error", hear);
    Reflect.deleteProperty(page, "Bokeh");
    if (before !== undefined) Object.defineProperty(page, "Bokeh", before);
  }
  const reason = thrown === null ? "" : ` (${thrown instanceof Error ? thrown.message : thrown})`;
  throw new Error(`This page could not run the script that draws charts${reason}.`);
}

/** What is on the page, by some view. */
const drawn = new WeakSet<ChartDocument>();

/** Puts a figure into an element that is on the page. It leaves nothing behind when the signal ends, or when it fails half way. */
export async function embed(
  bokeh: Bokeh,
  item: unknown,
  element: HTMLElement,
  abort: AbortSignal,
): Promise<Iterable<object>> {
  tidy(bokeh);
  const others = new Set(bokeh.documents);
  let views: ChartViews;
  try {
    views = await bokeh.embed.embed_item(item, element);
  } catch (error) {
    // Another view of the same figure may have been drawn meanwhile.
    const own = bokeh.documents.filter((each) => !others.has(each) && !drawn.has(each) && isOf(item, each));
    forget(bokeh, own);
    element.replaceChildren();
    throw error;
  }
  const documents = new Set(views.roots.flatMap(({ model }) => model.document ?? []));
  for (const each of documents) drawn.add(each);
  const end = () => {
    views.clear();
    forget(bokeh, documents);
    element.replaceChildren();
  };
  for (const { model } of views.roots) fit(model);
  const models = [...documents].flatMap((each) => [...each.all_models]);
  if (abort.aborted) end();
  else abort.addEventListener("abort", end, { once: true });
  return models;
}

/** Whether a document came of an item: of one that failed early there is nothing in it. */
function isOf(item: unknown, each: ChartDocument): boolean {
  const roots = each.roots?.() ?? [];
  return roots.length === 0 || roots.some(({ id }) => id === (item as { root_id?: unknown }).root_id);
}

function forget(bokeh: Bokeh, documents: Iterable<ChartDocument>): void {
  for (const each of documents) {
    letGo(each);
    each.clear();
    const place = bokeh.documents.indexOf(each);
    if (place >= 0) bokeh.documents.splice(place, 1);
  }
}

/** Bokeh's own figures are 600 pixels wide unless told otherwise; where there is less room they shrink. */
function fit(root: ChartModel): void {
  if (root.sizing_mode !== null || typeof root.width !== "number") return;
  root.setv({ max_width: root.width, sizing_mode: "scale_width" });
}
