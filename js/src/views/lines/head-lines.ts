import type { View } from "../../display/view";
import { columnOf, type MapOnShow, mapOfFrame, rowOf } from "../../focus/maps";
import type { Wish } from "../../session/answers/follow";
import type { PreviewRequest } from "../../session/answers/preview-key";
import { alone } from "../../session/answers/previews";
import type { Session } from "../../session/session";
import type { HeadPair } from "../../wire/types";

/** More heads at once than this cannot be told apart, and their maps would drive each other out of what is kept. */
export const mostHeadsDrawn = 20;

/** One of several chosen heads, by itself. */
export interface HeadOnShow {
  readonly pair: HeadPair;
  /** Its place among the chosen ones. */
  readonly index: number;
  /** Null while its map is on its way. */
  readonly map: MapOnShow | null;
}

/** The chosen heads one by one, where several are shown together; none otherwise. Reads signals. */
export function headsOnShow(session: Session): readonly HeadOnShow[] {
  const header = session.shown.value?.frame.header;
  if (header === undefined || header.source !== "head" || header.chosen.length < 2) return [];
  // The frame of several is still there for a moment when one of them is looked at alone.
  if (session.source.value !== "head" || session.chosenHeads().length < 2) return [];
  return header.chosen.slice(0, mostHeadsDrawn).map((pair, index) => {
    const request = requestFor(session, pair);
    const frame = request === null ? undefined : session.previews.at(request);
    return { pair, index, map: frame === undefined ? null : mapOfFrame(frame) };
  });
}

/** A short text's map is whole, whatever was asked: it serves every query, so it is always asked for by the same one. */
function requestFor(session: Session, [layer, head]: HeadPair): PreviewRequest | null {
  const header = session.shown.value?.frame.header;
  const whole = header?.pooling === 1 ? { query: [0, 1] as const, direction: header.direction } : undefined;
  return session.previews.request(alone({ layer, head }), whole);
}

/** What one head reads from a focus, or what reads it; null while that is not known. */
export function vectorOfHead(
  map: MapOnShow,
  focus: readonly [number, number],
  direction: MapOnShow["direction"],
): Float32Array | null {
  if (map.pooling === 1) return direction === "reads" ? rowOf(map, focus) : columnOf(map, focus);
  const same = map.query[0] === focus[0] && map.query[1] === focus[1];
  return same ? (direction === "reads" ? map.row : map.column) : null;
}

/** The maps of the chosen heads that are not there yet, where lines of several are looked at. Reads signals. */
export function headWishes({ session }: View): readonly (Wish | null)[] {
  return headsOnShow(session).map(({ pair, map }) => {
    const request = map === null ? requestFor(session, pair) : null;
    return request && session.previews.wish(request);
  });
}
