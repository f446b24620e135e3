import { useId, useMemo, useRef, useState } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { useFigure } from "../../display/figures";
import { useLastGood } from "../../display/last-good";
import { useMeasure } from "../../display/measure";
import { Spoken } from "../../display/Spoken";
import { clearHover, useView, useWidth, type View } from "../../display/view";
import { pieceLabel, shorten, weight } from "../../lib/format";
import type { Difference } from "../../wire/difference";
import { ChangeCaption, ChangedMost } from "./Caption";
import { compareRequest, differenceAt, differenceProblem, largestChange, pooledChanges } from "./difference";
import { type Place, steerCompare } from "./input";
import { paintDifference } from "./paint";
import { type DifferenceScene, differenceHit, differenceScene } from "./scene";

const longestLabel = 12;
/** Cells of a side, above which a cell is the largest change of several tokens. */
const largestSide = 480;

/** What became of a head's map since a text was held: the text on show minus that one, over the tokens of both. */
export function CompareView() {
  const view = useView();
  const { session, derived } = view;
  const { against } = session.traits.look.value;
  const head = derived.head.value ?? session.clampedHead();
  const request = compareRequest(session, head);
  const { value: shown, late, current } = useLastGood(session, differenceAt(session, request));
  if (against === "") return <Invitation />;
  if (session.shown.value?.text === against) return <Unchanged against={against} />;
  const problem = differenceProblem(session, request);
  return (
    <figure class="aw-view">
      <Held against={against} />
      {shown === null || (problem !== null && late) ? (
        <p class="aw-view-state">{problem ?? "Comparing…"}</p>
      ) : (
        <Changes difference={shown} late={late} current={current} />
      )}
    </figure>
  );
}

function Invitation() {
  const { session } = useView();
  const text = session.shown.value?.text ?? "";
  return (
    <div class="aw-view-state">
      <p>Hold this text, then edit it: what changes in every head shows here, token by token.</p>
      <button
        type="button"
        class="aw-hold"
        disabled={text === ""}
        onClick={() => session.setLook({ against: text })}
      >
        Hold this text
      </button>
    </div>
  );
}

/** The text that is held, and the same one above: a map of noughts would say no more. */
function Unchanged({ against }: { readonly against: string }) {
  return (
    <div class="aw-view">
      <Held against={against} />
      <p class="aw-view-state">The text is held. Edit it above: what changes shows here.</p>
    </div>
  );
}

function Held({ against }: { readonly against: string }) {
  const { session } = useView();
  const text = session.shown.value?.text ?? "";
  return (
    <div class="aw-view-head">
      <h3>
        the text above <span class="aw-unit">minus</span> “<bdi title={against}>{shorten(against, 40)}</bdi>”
      </h3>
      <span class="aw-held">
        {text !== against && (
          <button
            type="button"
            onClick={() => session.useText(against)}
            title="Puts the text that is held into the editor"
          >
            edit it
          </button>
        )}
        {text !== against && (
          <button
            type="button"
            onClick={() => session.setLook({ against: text })}
            title="Compares with the text above from now on"
          >
            hold this one
          </button>
        )}
        <button
          type="button"
          onClick={() => session.setLook({ against: "" })}
          title="Compares with nothing any more"
        >
          let go
        </button>
      </span>
    </div>
  );
}

interface ChangesProps {
  readonly difference: Difference;
  readonly late: boolean;
  /** Whether its tokens are those of the text above: else it is only looked at, until the next one has come. */
  readonly current: boolean;
}

function Changes({ difference, late, current }: ChangesProps) {
  const view = useView();
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const id = useId();
  const [place, setPlace] = useState<Place | null>(null);
  const cell = inside(difference, place);
  const scene = useScene(view, difference, cell, width);
  const picture = useMemo(
    () => ({ ...pooledChanges(difference, largestSide), peak: largestChange(difference.values) }),
    [difference],
  );
  const look = (next: Place | null) => {
    setPlace(next);
    view.local.marked.value = next === null ? null : (difference.keys[next.column] ?? null);
  };
  useFigure("stage", ({ palette }) =>
    scene === null
      ? null
      : {
          name: "compare",
          title: `Layer ${difference.layer} · Head ${difference.head} · change from “${shorten(view.session.traits.look.peek().against, 60)}”`,
          width: Math.min(scene.width, scene.area.x + scene.area.width + 60),
          height: scene.height,
          caption: `${difference.recipe} · green: more, purple: less; full tone ${weight(picture.peak)}`,
          direction: "reads",
          peak: null,
          paint: (brush) => paintDifference(brush, { ...scene, cross: null }, picture, palette),
        },
  );
  const under = (event: MouseEvent) => {
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return scene === null ? null : differenceHit(scene, event.clientX - left, event.clientY - top);
  };
  return (
    <>
      <div
        ref={host}
        class="aw-compare"
        role="grid"
        tabIndex={0}
        aria-label="Change of attention: queries downwards, keys to the right"
        aria-activedescendant={id}
        aria-busy={late}
        data-rows={difference.queries.length}
        data-columns={difference.keys.length}
        data-layer={difference.layer}
        data-head={difference.head}
        onPointerMove={(event) => current && look(under(event))}
        onPointerLeave={() => {
          setPlace(null);
          clearHover(view);
        }}
        onClick={(event) => {
          const hit = under(event);
          const query = hit === null || !current ? undefined : difference.queries[hit.row];
          if (query !== undefined) view.session.pinQuery([query, query + 1]);
        }}
        onKeyDown={(event) => current && steerCompare(view, difference, cell, look, event)}
      >
        <Spoken id={id}>{spoken(difference, cell)}</Spoken>
        {scene !== null && (
          <Canvas
            width={scene.width}
            height={scene.height}
            paint={(brush) => paintDifference(brush, scene, picture, view.palette.value)}
          />
        )}
        {scene !== null && cell !== null && <Tip difference={difference} scene={scene} cell={cell} />}
      </div>
      <ChangeCaption difference={difference} peak={picture.peak} pooling={picture.pooling} />
      <ChangedMost difference={difference} />
    </>
  );
}

function useScene(
  view: View,
  difference: Difference,
  cell: Place | null,
  width: number,
): DifferenceScene | null {
  const measure = useMeasure(view.palette.value.font);
  const names = useMemo(() => {
    const label = (piece: string) => shorten(pieceLabel(piece), longestLabel);
    return { queryLabels: difference.queryPieces.map(label), keyLabels: difference.keyPieces.map(label) };
  }, [difference]);
  if (width === 0) return null;
  const [start, stop] = view.derived.focus.value;
  const rows = difference.queries.flatMap((query, row) => (query >= start && query < stop ? [row] : []));
  return differenceScene({ ...names, width, cell, rows, measure });
}

function inside({ queries, keys }: Difference, place: Place | null): Place | null {
  return place !== null && place.row < queries.length && place.column < keys.length ? place : null;
}

function signed(value: number): string {
  if (!Number.isFinite(value) || value === 0) return weight(Math.abs(value));
  return `${value < 0 ? "−" : "+"}${weight(Math.abs(value))}`;
}

function changeAt({ values, keys }: Difference, { row, column }: Place): number {
  return values[row * keys.length + column] ?? Number.NaN;
}

function spoken(difference: Difference, cell: Place | null): string {
  if (cell === null)
    return `Layer ${difference.layer} head ${difference.head}, largest change ${weight(largestChange(difference.values))}`;
  const name = (pieces: readonly string[], at: number) => pieceLabel(pieces[at] ?? "");
  return `${name(difference.queryPieces, cell.row)} reads ${name(difference.keyPieces, cell.column)} ${signed(changeAt(difference, cell))}`;
}

function Tip(props: {
  readonly difference: Difference;
  readonly scene: DifferenceScene;
  readonly cell: Place;
}) {
  const { difference, scene, cell } = props;
  const x = scene.left + (cell.column + 0.5) * scene.pitch;
  const name = (pieces: readonly string[], at: number) => shorten(pieceLabel(pieces[at] ?? ""), 24);
  return (
    <div
      class="aw-tooltip"
      role="presentation"
      data-flipped={x > scene.width * 0.6}
      style={{ left: `${Math.round(x)}px`, top: `${Math.round(scene.top + cell.row * scene.pitch)}px` }}
    >
      <bdi>{name(difference.queryPieces, cell.row)}</bdi> →{" "}
      <bdi>{name(difference.keyPieces, cell.column)}</bdi>{" "}
      <b class="aw-number">{signed(changeAt(difference, cell))}</b>
    </div>
  );
}
