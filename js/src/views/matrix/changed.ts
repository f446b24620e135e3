import type { Heads } from "../../edits/records";
import type { MapOnShow } from "../../focus/maps";
import type { Changed } from "../../matrix/paint";
import { holds } from "../../session/look";
import type { Session } from "../../session/session";
import { unitsOf } from "../../session/shown";
import { unitOf } from "../../session/units";
import { editsOfPart, editsShown, refsOf, touchedBy } from "../../what-if/standing";
import type { Direction } from "../../wire/types";

/** What is changed in the computation, of this map. Reads signals. */
export function changedIn(session: Session, map: MapOnShow): Changed | null {
  const edits = editsShown(session);
  if (edits.length === 0) return null;
  const heads = session.heads.value;
  const place = (direction: Direction) => {
    const units = unitsOf(session.shown.value, direction);
    return (token: number) => unitOf(units, token);
  };
  const concerns = (named: readonly Heads[]) =>
    named.length === 0 ||
    map.source === "rollout" ||
    named.some((each) =>
      refsOf(each, heads).some(({ layer, head }) =>
        map.source === "layer" ? layer === map.layer : holds(map.chosen, layer, head),
      ),
    );
  const cuts = editsOfPart(session).flatMap((edit) =>
    edit.kind === "cut" && concerns(edit.heads)
      ? [{ queries: edit.queries?.map(place("reads")) ?? null, keys: edit.keys.map(place("read_by")) }]
      : [],
  );
  // What is hidden in another part is not read from this one either, where its tokens are the keys.
  const hides = edits.filter(({ kind }) => kind === "hide");
  return { cuts, hidden: [...touchedBy(session, hides).keys].map(place("read_by")) };
}
