import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Scale } from "../../controls/Scale";
import { Caption } from "../../display/Caption";
import { useFigure } from "../../display/figures";
import { type Room, useRoom, useView, type View } from "../../display/view";
import { changeLegend } from "../../focus/effect-words";
import { sinkNote } from "../../focus/kept";
import { cellIn, type MapOnShow } from "../../focus/maps";
import type { Cell } from "../../focus/pointer";
import { changesFirst, clauses } from "../../lib/format";
import type { Looked } from "../../matrix/beyond";
import { Edges } from "../../matrix/Edges";
import { Extent } from "../../matrix/Extent";
import type { Steered } from "../../matrix/input";
import { Matrix } from "../../matrix/Matrix";
import { type MatrixScene, matrixScene } from "../../matrix/scene";
import { useFrame } from "../../matrix/use-frame";
import { sideOf } from "../../session/places";
import { matrixFigure } from "./figure";
import { Tip } from "./Tip";
import { type Picture, usePicture, useReading, useTiled } from "./use-picture";
import { filterNote, pooledNote, spoken } from "./words";

/** What is on show can be asked of the element. */
type Told = HTMLDivElement & { weights?: Float32Array | undefined };

/** The map on show as a matrix. It can be zoomed; what is pooled then comes as exact tiles. */
export function MatrixView() {
  const view = useView();
  const host = useRef<Told>(null);
  const room = useRoom(host);
  const map = view.derived.map.value;
  const cell = cellIn(map, view.local.cell.value);
  const scene = useScene(view, map, cell, room);
  const tiled = useTiled(view, map);
  const picture = usePicture(view, map, tiled, scene);
  const reading = useReading(view, map, tiled, cell);
  const ready = map !== null && scene !== null && picture !== null;
  useLayoutEffect(() => {
    if (host.current !== null) host.current.weights = map?.values;
  }, [map]);
  useFigure("stage", (look) => (ready ? matrixFigure(view, map, scene, picture, look) : null));
  return (
    <figure class="aw-view">
      <Matrix
        name="matrix"
        label="Attention matrix: queries downwards, keys to the right"
        spoken={map === null ? "" : spoken(view.derived, map, cell, reading)}
        data={{
          rows: map?.rows,
          columns: map?.columns,
          exact: map?.exact,
          tiles: picture?.tiles ?? undefined,
        }}
        host={host}
        scene={scene}
        picture={picture}
        steered={steeredMap(view, map, scene)}
        over={
          ready && (
            <>
              <Edges
                scene={scene}
                looked={lookedAt(view, map)}
                pieceOf={(side, place) =>
                  (side === "query" ? view.derived.tokens : view.derived.keys).value?.pieces[place]
                }
                viewport={view.local.viewport}
              />
              {cell !== null && <Tip map={map} scene={scene} cell={cell} reading={reading} />}
            </>
          )
        }
      />
      {ready && <MatrixCaption map={map} scene={scene} picture={picture} />}
    </figure>
  );
}

/** Its rows and columns are the tokens of the text. */
function steeredMap({ local, derived }: View, map: MapOnShow | null, scene: MatrixScene | null): Steered {
  const { viewport, cell } = local;
  return {
    scene,
    viewport,
    cell,
    tokenOf: (_side, place) => place,
    start: () => startCell(derived),
    pinned: map === null ? null : pinnedIn(map),
  };
}

function pinnedIn({ direction, query }: MapOnShow): Looked {
  return { side: sideOf(direction), place: query[0] };
}

/** The query, and the token that is looked at instead; what is pointed out stands along the other axis. */
function lookedAt({ local, derived }: View, map: MapOnShow): readonly Looked[] {
  const side = sideOf(derived.direction.value);
  const marked = local.marked.value;
  return [
    pinnedIn(map),
    { side, place: derived.focus.value[0] },
    ...(marked === null ? [] : [{ side: side === "query" ? "key" : "query", place: marked } as const]),
  ];
}

/** Where the keyboard begins: at the query and what it reads most. */
function startCell({ map, focus, reads, readBy }: View["derived"]): Cell {
  const [token] = focus.peek();
  const other = (ranked: typeof reads) => ranked.peek()[0]?.token ?? 0;
  return map.peek()?.direction === "read_by"
    ? { query: other(readBy), key: token }
    : { query: token, key: other(reads) };
}

function useScene(view: View, map: MapOnShow | null, cell: Cell | null, room: Room): MatrixScene | null {
  const { derived, local } = view;
  const { tokens, keys } = derived;
  const { input, frame } = useFrame(tokens.value?.pieces, keys.value?.pieces, room);
  if (map === null) return null;
  const focused = derived.direction.value;
  const ranked = focused === "reads" ? derived.reads.value : derived.readBy.value;
  const strong = ranked.filter(({ weight }) => Math.abs(weight) >= 0.1).slice(0, 3);
  return matrixScene(
    {
      ...input,
      direction: map.direction,
      focused,
      query: map.query,
      focus: derived.focus.value,
      cell,
      strong: strong.map(({ token }) => token),
      viewport: local.viewport.value,
    },
    frame,
  );
}

interface CaptionProps {
  readonly map: MapOnShow;
  readonly scene: MatrixScene;
  readonly picture: Picture;
}

function MatrixCaption({ map, scene, picture }: CaptionProps) {
  const { local, derived } = useView();
  const keys = derived.keys.value;
  const beyond = useMemo(
    () => (map.signed ? changeLegend : sinkNote(map, picture.full, keys)),
    [map, picture.full, keys],
  );
  return (
    <Caption
      aside={
        <span class="aw-aside">
          <Scale direction={map.direction} full={picture.full} signed={map.signed} />
          <Extent scene={scene} viewport={local.viewport} />
        </span>
      }
    >
      {clauses(
        beyond,
        filterNote(map, derived.filter.value),
        pooledNote(map, picture),
        changesFirst(map.recipe),
      )}
    </Caption>
  );
}
