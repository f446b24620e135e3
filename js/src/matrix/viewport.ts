import type { Span, Viewport } from "../wire/types";

/** A place in the plot of the matrix: 0 to 1 along each axis. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Tokens of a map along each axis, and the pixels that its plot has for them. */
export interface Plot {
  readonly queries: number;
  readonly keys: number;
  readonly across: number;
  readonly down: number;
}

/** How many tokens are in sight along each axis. */
export interface Spans {
  readonly queries: number;
  readonly keys: number;
}

interface Cell {
  readonly query: number;
  readonly key: number;
}

export const wholeMap: Viewport = { query: 0, key: 0, span: Number.POSITIVE_INFINITY };

const largestCell = 96;
const fewest = 4;
/** How large a cell is to be when somebody asks to see it. */
const legibleCell = 28;

/** The fewest keys that are worth the plot. */
export function leastSpan({ queries, keys, across, down }: Plot): number {
  // Of few tokens the other axis may still have many: both come as close as their cells allow.
  const wanted = Math.min(across / largestCell / keys, down / largestCell / queries);
  return Math.min(keys, Math.max(Math.min(fewest, keys), keys * wanted));
}

export function isZoomed({ span }: Viewport, { keys }: Pick<Plot, "keys">): boolean {
  return span < keys;
}

/** The queries that are in sight with so many keys: the like share of them, and never less than a few. */
export function spansOf({ span }: Viewport, { queries, keys }: Pick<Plot, "queries" | "keys">): Spans {
  const share = Math.min(1, span / keys);
  return { queries: Math.max(Math.min(queries, fewest), queries * share), keys: keys * share };
}

/** The nearest viewport that shows nothing but the map. */
export function clampViewport({ query, key, span }: Viewport, plot: Plot): Viewport {
  const fitted = clamp(span, leastSpan(plot), plot.keys);
  const seen = spansOf({ query, key, span: fitted }, plot);
  return {
    query: clamp(query, 0, plot.queries - seen.queries),
    key: clamp(key, 0, plot.keys - seen.keys),
    span: fitted,
  };
}

/** What is at a place stays there, unless that would show more than the map. */
export function zoomAbout(view: Viewport, factor: number, at: Place, plot: Plot): Viewport {
  return pinch(view, factor, at, at, plot);
}

/** Moves the map by shares of the plot, as a hand does: to the right shows what is left of it. */
export function panBy(view: Viewport, by: Place, plot: Plot): Viewport {
  const { query, key, span } = clampViewport(view, plot);
  const seen = spansOf({ query, key, span }, plot);
  return clampViewport({ query: query - by.y * seen.queries, key: key - by.x * seen.keys, span }, plot);
}

/** What was at one place comes to another, `factor` times as large. */
export function pinch(view: Viewport, factor: number, from: Place, to: Place, plot: Plot): Viewport {
  const known = clampViewport(view, plot);
  const span = clamp(known.span / factor, leastSpan(plot), plot.keys);
  const before = spansOf(known, plot);
  const after = spansOf({ ...known, span }, plot);
  return clampViewport(
    {
      query: known.query + from.y * before.queries - to.y * after.queries,
      key: known.key + from.x * before.keys - to.x * after.keys,
      span,
    },
    plot,
  );
}

/** The smallest move after which a cell is in sight as a whole. */
export function reveal(view: Viewport, cell: Cell, plot: Plot): Viewport {
  const { query, key, span } = clampViewport(view, plot);
  const seen = spansOf({ query, key, span }, plot);
  const near = (start: number, token: number, extent: number) => clamp(start, token + 1 - extent, token);
  return clampViewport(
    { query: near(query, cell.query, seen.queries), key: near(key, cell.key, seen.keys), span },
    plot,
  );
}

/** A cell and its neighbours, large enough to be read. */
export function zoomTo(cell: Cell, plot: Plot): Viewport {
  const legible = Math.min(plot.across / legibleCell, ((plot.down / legibleCell) * plot.keys) / plot.queries);
  const span = clamp(Math.min(plot.keys / 3, legible), leastSpan(plot), plot.keys);
  const seen = spansOf({ query: 0, key: 0, span }, plot);
  return clampViewport(
    { query: cell.query + 0.5 - seen.queries / 2, key: cell.key + 0.5 - seen.keys / 2, span },
    plot,
  );
}

/** A share of the way from one viewport to another; sizes grow evenly to the eye, and nothing swerves. */
export function between(from: Viewport, to: Viewport, share: number): Viewport {
  if (share >= 1) return to;
  const span = from.span * (to.span / from.span) ** share;
  const way = from.span === to.span ? share : (from.span - span) / (from.span - to.span);
  const along = (start: number, stop: number) => start + (stop - start) * way;
  return { query: along(from.query, to.query), key: along(from.key, to.key), span };
}

/** The whole tokens that are in sight, wholly or in part. */
export function extentOf(view: Viewport, plot: Plot): { readonly rows: Span; readonly columns: Span } {
  const known = clampViewport(view, plot);
  const seen = spansOf(known, plot);
  const axis = (start: number, extent: number, count: number): Span => [
    Math.floor(start),
    Math.min(count, Math.ceil(start + extent)),
  ];
  return {
    rows: axis(known.query, seen.queries, plot.queries),
    columns: axis(known.key, seen.keys, plot.keys),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
