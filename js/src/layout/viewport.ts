import type { Span, Viewport } from "../wire/types";

/** A place in the square of the matrix: 0 to 1 along each axis. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Tokens of a map along each axis, and the pixels that its square has for them. */
export interface Square {
  readonly count: number;
  readonly size: number;
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

/** The fewest tokens that are worth the square. */
export function leastSpan({ count, size }: Square): number {
  return Math.min(count, Math.max(fewest, size / largestCell));
}

export function isZoomed({ span }: Viewport, count: number): boolean {
  return span < count;
}

/** The nearest viewport that shows nothing but the map. */
export function clampViewport({ query, key, span }: Viewport, square: Square): Viewport {
  const fitted = clamp(span, leastSpan(square), square.count);
  const last = square.count - fitted;
  return { query: clamp(query, 0, last), key: clamp(key, 0, last), span: fitted };
}

/** What is at a place stays there, unless that would show more than the map. */
export function zoomAbout(view: Viewport, factor: number, at: Place, square: Square): Viewport {
  return pinch(view, factor, at, at, square);
}

/** Moves the map by shares of the square, as a hand does: to the right shows what is left of it. */
export function panBy(view: Viewport, by: Place, square: Square): Viewport {
  const { query, key, span } = clampViewport(view, square);
  return clampViewport({ query: query - by.y * span, key: key - by.x * span, span }, square);
}

/** What was at one place comes to another, `factor` times as large. */
export function pinch(view: Viewport, factor: number, from: Place, to: Place, square: Square): Viewport {
  const known = clampViewport(view, square);
  const span = clamp(known.span / factor, leastSpan(square), square.count);
  return clampViewport(
    {
      query: known.query + from.y * known.span - to.y * span,
      key: known.key + from.x * known.span - to.x * span,
      span,
    },
    square,
  );
}

/** The smallest move after which a cell is in sight as a whole. */
export function reveal(view: Viewport, cell: Cell, square: Square): Viewport {
  const { query, key, span } = clampViewport(view, square);
  const near = (start: number, token: number) => clamp(start, token + 1 - span, token);
  return clampViewport({ query: near(query, cell.query), key: near(key, cell.key), span }, square);
}

/** A cell and its neighbours, large enough to be read. */
export function zoomTo(cell: Cell, square: Square): Viewport {
  const span = clamp(Math.min(square.count / 3, square.size / legibleCell), leastSpan(square), square.count);
  return clampViewport({ query: cell.query + 0.5 - span / 2, key: cell.key + 0.5 - span / 2, span }, square);
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
export function extentOf(view: Viewport, square: Square): { readonly rows: Span; readonly columns: Span } {
  const { query, key, span } = clampViewport(view, square);
  const axis = (start: number): Span => [Math.floor(start), Math.min(square.count, Math.ceil(start + span))];
  return { rows: axis(query), columns: axis(key) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
