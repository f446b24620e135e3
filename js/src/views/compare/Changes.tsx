import { useMemo, useRef } from "preact/hooks";
import { useFigure } from "../../display/figures";
import { type Room, useRoom, useView, type View } from "../../display/view";
import type { Cell } from "../../focus/pointer";
import { fullTone, type Palette } from "../../lib/colour";
import { signedWeight } from "../../lib/format";
import { CellTip } from "../../matrix/CellTip";
import { Edges } from "../../matrix/Edges";
import type { Steered } from "../../matrix/input";
import { Matrix } from "../../matrix/Matrix";
import type { MatrixPicture } from "../../matrix/paint";
import { type MatrixInput, type MatrixScene, matrixScene } from "../../matrix/scene";
import { useFrame } from "../../matrix/use-frame";
import { sideOf } from "../../session/places";
import { unitsOf } from "../../session/shown";
import { toTokens, unitOf } from "../../session/units";
import type { Difference } from "../../wire/difference";
import type { Direction, Span } from "../../wire/types";
import { ChangeCaption } from "./Caption";
import { changeFigure } from "./figure";
import { changePicture, largestChange, sightOf } from "./picture";
import { namesOf, numberIn, placeIn, placesOf, readsItself, replacedAlong, startIn } from "./places";
import { changeAt, spoken } from "./words";

interface Props {
  readonly difference: Difference;
  readonly late: boolean;
  /** Whether its tokens are those of the text above: else it is only looked at, until the next one has come. */
  readonly current: boolean;
}

/** The matrix of what changed, with a sign. It has come whole: every pair is exact from where it has a pixel. */
export function Changes({ difference, late, current }: Props) {
  const view = useView();
  const host = useRef<HTMLDivElement>(null);
  const room = useRoom(host);
  const cell = inside(difference, view.local.changeCell.value);
  const looks = looksAt(view, difference);
  const scene = useScene(view, difference, looks, cell, room);
  const most = useMemo(() => largestChange(difference.values), [difference]);
  const full = fullTone(view.derived.scale.value, most);
  const pictureIn = usePictures(difference, full, scene, looks.direction);
  const picture = pictureIn?.(view.palette.value) ?? null;
  useFigure("stage", (look) => {
    if (pictureIn === null) return null;
    const { against } = view.session.traits.look.peek();
    return changeFigure(difference, against, scene, pictureIn(look.palette), look);
  });
  return (
    <>
      <Matrix
        name="compare"
        label="Change in attention: queries downwards, keys to the right"
        spoken={spoken(difference, cell, most)}
        data={{
          rows: difference.queries.length,
          columns: difference.keys.length,
          layer: difference.layer,
          head: difference.head,
        }}
        busy={late}
        host={host}
        scene={scene}
        picture={picture}
        steered={steeredChanges(view, difference, looks, current ? scene : null)}
        over={
          <>
            {current && (
              <Edges
                scene={scene}
                looked={lookedAt(looks)}
                pieceOf={(side, place) =>
                  (side === "query" ? difference.queryPieces : difference.keyPieces)[place]
                }
                numberOf={numberIn(difference)}
                viewport={view.local.changeViewport}
              />
            )}
            {cell !== null && <Tip difference={difference} scene={scene} cell={cell} />}
          </>
        }
      />
      <ChangeCaption difference={difference} scene={scene} picture={picture} full={full} most={most} />
    </>
  );
}

function inside({ queries, keys }: Difference, cell: Cell | null): Cell | null {
  return cell !== null && cell.query < queries.length && cell.key < keys.length ? cell : null;
}

/** What is looked at, in rows or columns of the map. */
type Looks = Required<Pick<MatrixInput, "direction" | "query" | "focus" | "focused">>;

function looksAt({ session, derived }: View, difference: Difference): Looks {
  const shown = session.shown.value;
  const { direction, query } = shown?.frame.header ?? nothing;
  const focused = derived.direction.value;
  const places = (span: Span, way: Direction) =>
    placesOf(difference, sideOf(way), toTokens(unitsOf(shown, way), span));
  return { direction, query: places(query, direction), focus: places(derived.focus.value, focused), focused };
}

/** The pinned query, and the token that is looked at instead. */
function lookedAt({ direction, query, focus, focused }: Looks) {
  return [placeIn(direction, query), placeIn(focused, focus)].filter((one) => one !== null);
}

const nothing = { direction: "reads", query: [0, 0] } as const;

function useScene(
  { local }: View,
  difference: Difference,
  looks: Looks,
  cell: Cell | null,
  room: Room,
): MatrixScene {
  const { queries, keys, named } = useMemo(() => axesOf(difference), [difference]);
  const { input, frame } = useFrame(queries, keys, room, longestPair);
  const viewport = local.changeViewport.value;
  return matrixScene(
    { ...input, ...looks, cell, strong: [], named, viewport, numberOf: numberIn(difference) },
    frame,
  );
}

/** Of a label that names both tokens. */
const longestPair = 21;

function axesOf(difference: Difference) {
  const queries = namesOf(difference, "query");
  const keys = readsItself(difference) ? queries : namesOf(difference, "key");
  const named = { query: replacedAlong(difference, "query"), key: replacedAlong(difference, "key") };
  return { queries, keys, named };
}

type PictureIn = (palette: Palette) => MatrixPicture;

/** Makes each picture once: for a part of the map, how it is pooled, and its colours. */
function usePictures(
  difference: Difference,
  full: number,
  scene: MatrixScene,
  direction: Direction,
): PictureIn | null {
  const sight = scene.width > 0 ? sightOf(scene, difference) : null;
  const named = sight === null ? "" : [...sight.region.rows, ...sight.region.columns, sight.pooling].join();
  return useMemo(() => {
    if (sight === null) return null;
    const made = new Map<Palette, MatrixPicture>();
    return (palette) => {
      const known = made.get(palette) ?? changePicture(difference, full, sight, direction, palette);
      made.set(palette, known);
      return known;
    };
  }, [difference, named, direction, full]);
}

function steeredChanges(
  { local, session }: View,
  difference: Difference,
  looks: Looks,
  scene: MatrixScene | null,
): Steered {
  const tokenIn = numberIn(difference);
  return {
    scene,
    viewport: local.changeViewport,
    cell: local.changeCell,
    tokenOf: (side, place) => {
      const token = tokenIn(side, place);
      const units = unitsOf(session.shown.peek(), side === "query" ? "reads" : "read_by");
      return unitOf(units, token);
    },
    start: () => startIn(difference, looks.focused, looks.focus),
    pinned: placeIn(looks.direction, looks.query),
  };
}

interface TipProps {
  readonly difference: Difference;
  readonly scene: MatrixScene;
  readonly cell: Cell;
}

function Tip({ difference, scene, cell }: TipProps) {
  const { queryPieces, keyPieces } = difference;
  return (
    <CellTip scene={scene} query={queryPieces[cell.query]} read={keyPieces[cell.key]}>
      <b class="aw-number">{signedWeight(changeAt(difference, cell))}</b>
    </CellTip>
  );
}
