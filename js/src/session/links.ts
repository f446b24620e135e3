import type { Session } from "./session";
import { watch } from "./watch";

/** The part of a Bokeh data source that a link needs. */
export interface ChartSource {
  readonly name: string | null;
  get_column(name: string): ArrayLike<unknown> | null;
  readonly selected: {
    indices: readonly number[];
    readonly change: { connect(listener: () => void): void; disconnect(listener: () => void): void };
  };
}

interface Link {
  readonly columns: readonly string[];
  /** Whether the explorer is at what a row stands for. Reads signals. */
  readonly isHere: (session: Session, row: readonly number[]) => boolean;
  readonly go: (session: Session, row: readonly number[]) => void;
}

const links: Readonly<Record<string, Link>> = {
  "attnwidget.heads": {
    columns: ["layer", "head"],
    isHere: (session, [layer, head]) => {
      const here = session.clampedHead();
      return here.layer === layer && here.head === head;
    },
    go: (session, [layer = 0, head = 0]) => session.pinHead(layer, head),
  },
  "attnwidget.tokens": {
    columns: ["position"],
    isHere: (session, [position = -1]) => {
      const [start, stop] = session.traits.query.value;
      return start <= position && position < stop;
    },
    go: (session, [position = 0]) => session.pinTokens([position, position + 1]),
  },
};

/** Rows of the sources that have a known name <-> the explorer's head and query. Any other source is left alone. */
export function linkSources(sources: Iterable<object>, session: Session, abort: AbortSignal): void {
  for (const source of sources) {
    if (!isSource(source)) continue;
    const link = links[source.name ?? ""];
    if (link?.columns.every((name) => source.get_column(name) !== null)) follow(source, link, session, abort);
  }
}

function isSource(model: object): model is ChartSource {
  return "selected" in model && "get_column" in model;
}

/** What is marked by us is never taken for a choice, and a choice that is already followed is left as it is: no echo. */
function follow(source: ChartSource, link: Link, session: Session, abort: AbortSignal): void {
  let marking = false;
  let choosing = false;

  const mark = () => {
    const wanted = rowsOf(source, link, session).flatMap((row, index) =>
      link.isHere(session, row) ? [index] : [],
    );
    const marked = source.selected.indices;
    const among = wanted.length > 0 && wanted.every((index) => marked.includes(index));
    if (among || (wanted.length === 0 && marked.length === 0)) return;
    marking = true;
    source.selected.indices = wanted;
    marking = false;
  };

  const choose = () => {
    choosing = false;
    if (abort.aborted) return;
    const rows = rowsOf(source, link, session);
    const chosen = source.selected.indices.flatMap((index) => rows[index] ?? []);
    const width = link.columns.length;
    const first = chosen.slice(0, width);
    const here = rows.some(
      (row, index) => source.selected.indices.includes(index) && link.isHere(session, row),
    );
    if (!here && first.length === width && first.every(Number.isInteger)) link.go(session, first);
    mark(); // where nothing is chosen any more, or what was chosen cannot be looked at
  };

  const listen = () => {
    if (marking || choosing) return;
    choosing = true;
    // Bokeh is in the middle of its own change now.
    queueMicrotask(choose);
  };

  watch(session, abort, mark);
  source.selected.change.connect(listen);
  abort.addEventListener("abort", () => source.selected.change.disconnect(listen), { once: true });
}

/** What the rows stand for; not a number where they speak of another part of the model. */
function rowsOf(source: ChartSource, { columns }: Link, session: Session): number[][] {
  const values = columns.map((name) => Array.from(source.get_column(name) ?? [], Number));
  const parts = source.get_column("part");
  const part = session.traits.part.value;
  const strange = (index: number) => parts !== null && parts[index] !== part;
  return (values[0] ?? []).map((_, index) =>
    values.map((column) => (strange(index) ? Number.NaN : (column[index] ?? Number.NaN))),
  );
}
