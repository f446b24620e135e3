import { shortLabel } from "../lib/format";
import type { Side } from "../session/places";
import { beyondOf, type Looked, revealed } from "./beyond";
import type { Steered } from "./input";
import type { MatrixScene } from "./scene";

interface Props {
  readonly scene: MatrixScene;
  /** What is looked at, the pinned query first. */
  readonly looked: readonly Looked[];
  readonly pieceOf: (side: Side, place: number) => string | undefined;
  /** The number of its token; its place where nothing is said. */
  readonly numberOf?: (side: Side, place: number) => number;
  readonly viewport: Steered["viewport"];
}

const arrows = { top: "↑", bottom: "↓", left: "←", right: "→" } as const;

/** At the edges of a zoomed map: what is looked at and lies beyond them, and the way there. For hands: keys have the map follow. */
export function Edges({ scene, looked, pieceOf, numberOf = (_side, place) => place, viewport }: Props) {
  const { left, top, across, down } = scene;
  const middle = { x: left + across / 2, y: top + down / 2 };
  const places = {
    top: [middle.x, top],
    bottom: [middle.x, top + down],
    left: [left, middle.y],
    right: [left + across, middle.y],
  } as const;
  const stay = (event: Event) => event.stopPropagation();
  return (
    <>
      {beyondOf(scene, looked).map(({ edge, side, place }) => (
        <button
          key={edge}
          type="button"
          class="aw-beyond"
          data-edge={edge}
          tabIndex={-1}
          aria-hidden="true"
          title={`Go to this ${side}`}
          style={{ left: `${Math.round(places[edge][0])}px`, top: `${Math.round(places[edge][1])}px` }}
          // What is under it is not meant.
          onMouseDown={(event) => event.preventDefault()}
          onPointerDown={stay}
          onPointerMove={stay}
          onDblClick={stay}
          onClick={(event) => {
            stay(event);
            viewport.value = revealed({ side, place }, scene);
          }}
        >
          {edge !== "right" && `${arrows[edge]} `}
          <bdi>{shortLabel(pieceOf(side, place), 14)}</bdi>{" "}
          <span class="aw-unit">#{numberOf(side, place)}</span>
          {edge === "right" && ` ${arrows[edge]}`}
        </button>
      ))}
    </>
  );
}
