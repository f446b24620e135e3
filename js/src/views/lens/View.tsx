import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Canvas } from "../../display/Canvas";
import { Caption } from "../../display/Caption";
import { useFigure } from "../../display/figures";
import { useLastGood } from "../../display/last-good";
import { textMeasurer } from "../../display/measure";
import { Tooltip } from "../../display/Tooltip";
import { ViewGrid } from "../../display/ViewGrid";
import { type Room, useRoom, useView, type View } from "../../display/view";
import { accent } from "../../lib/colour";
import { count, grouped, weight } from "../../lib/format";
import { AfterOnly } from "../../what-if/AfterOnly";
import { lensFigure } from "./figure";
import { leaveLens, pointLens, pressLens, steerLens } from "./input";
import { columnAt, directWish, type LensTable, lensOf } from "./lens";
import { paintLens } from "./paint";
import { cellOf, fullsOf, type LensPicture, layersOf, namesOf } from "./picture";
import { columnsIn, type LensScene, lensScene, placeOfHit, revealLayer } from "./scene";
import { courseOf, directInWords, placeWord, recipeOf, saidPiece, spokenLens } from "./words";

/** What each layer would say after the query and the tokens around it, and what its parts add to the answer. */
export function LensView() {
  const view = useView();
  const { session, palette, derived } = view;
  const state = lensOf(view);
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const [offset, setOffset] = useState(0);
  const { table, late } = useTable(view);
  const looked = state.looked.value;
  const scene = useScene(view, table, room, offset);
  const picture = usePicture(view, table);
  const query = table === null ? null : columnAt(session, table.query, table.total);
  const problem = problemOf(view);
  const ready = table !== null && scene !== null && picture !== null;
  useFigure("stage", (look) => (ready ? lensFigure(table, scene, look) : null));
  useBring(scroller, scene, looked !== null && "layer" in looked ? looked.layer : null, setOffset);
  const begin = useBegin(scene);
  const { strong } = accent(palette.value, derived.direction.value);
  return (
    <figure class="aw-view">
      <div class="aw-view-head">
        <h3>What each layer would say</h3>
        {table !== null && <Moving table={table} />}
      </div>
      <p class="aw-lens-said">{query === null ? "" : courseOf(query)}</p>
      {!ready && <p class="aw-view-state">{problem ?? asking(view)}</p>}
      <ViewGrid
        name="lens"
        label="What each layer would say: layers downwards, tokens to the right"
        spoken={table === null ? "" : spokenLens(table, looked, query)}
        data={{
          layers: scene?.layers,
          start: table?.start,
          tokens: table?.columns.length,
          known: table?.columns.filter((column) => column !== null).length,
          direct: table === null ? undefined : table.direct !== null,
        }}
        busy={late}
        scroller={scroller}
        extent={scene}
        reveal={begin}
        looked={null}
        onScroll={setOffset}
        onPoint={(event) => ready && pointLens(view, scene, table, event)}
        onPress={(event) => ready && pressLens(view, scene, table, event)}
        onSteer={(event) => table !== null && steerLens(view, table, event)}
        onLeave={() => leaveLens(view)}
        over={ready && <Tip table={table} scene={scene} />}
      >
        {ready && (
          <Canvas
            width={scene.width}
            height={scene.height}
            paint={(brush) => paintLens(brush, scene, picture, looked, strong, palette.value)}
          />
        )}
      </ViewGrid>
      {ready && (
        <Caption problem={problem ?? directProblem(view)}>
          <AfterOnly />
          {recipeOf(table)}
        </Caption>
      )}
    </figure>
  );
}

/** Of another reading, what was there before stays until everything has come; of this one, what has come is shown. */
function useTable(view: View): { table: LensTable | null; late: boolean } {
  const now = lensOf(view).table.value;
  const known = now?.columns.some((column) => column !== null) === true;
  const whole = known && now.columns.every((column) => column !== null) ? now : null;
  const { value, current } = useLastGood(view.session, whole);
  if (whole !== null) return { table: whole, late: false };
  if (value !== null && !current) return { table: value, late: true };
  return { table: known ? now : value, late: !known };
}

function useScene(view: View, table: LensTable | null, room: Room, offset: number): LensScene | null {
  const { width, tallest } = room;
  const heads = view.session.heads.value.reduce((most, number) => Math.max(most, number), 0);
  // There is room for what heads add from the beginning: nothing moves when it comes.
  const direct = view.session.memory.answer(directWish(view.session)).problem === null;
  const columns = width === 0 ? null : columnsIn(width, heads, direct);
  const { room: wanted } = lensOf(view);
  useLayoutEffect(() => {
    if (columns !== null) wanted.value = columns;
  }, [columns]);
  const layers = table === null ? null : layersOf(table);
  return useMemo(() => {
    if (table === null || layers === null || width === 0) return null;
    const at = table.query - table.start;
    const query = at >= 0 && at < table.columns.length ? at : null;
    return lensScene({ layers, columns: table.columns.length, heads, direct, width, offset, tallest, query });
  }, [table, layers, heads, direct, width, tallest, offset]);
}

function usePicture({ session, derived }: View, table: LensTable | null): LensPicture | null {
  const measure = useMemo(textMeasurer, []);
  const chosen = derived.head.value ?? session.clampedHead();
  return useMemo(
    () =>
      table === null ? null : { table, names: namesOf(table), full: fullsOf(table.direct), chosen, measure },
    [table, chosen.layer, chosen.head, measure],
  );
}

/** The table begins at its end, where the answer comes about; after that it stays where somebody has scrolled it to. */
function useBegin(scene: LensScene | null): () => number | null {
  const begun = useRef(false);
  return () => {
    if (scene === null || begun.current) return null;
    begun.current = true;
    return scene.full > scene.height ? scene.full - scene.height : null;
  };
}

/** Brings the layer that the keys are on into sight. */
function useBring(
  scroller: { readonly current: HTMLDivElement | null },
  scene: LensScene | null,
  layer: number | null,
  scrolled: (offset: number) => void,
): void {
  useLayoutEffect(() => {
    const target = scene === null || layer === null ? null : revealLayer(scene, layer);
    if (target === null || scroller.current === null) return;
    scroller.current.scrollTop = Math.round(target);
    scrolled(Math.round(target));
  }, [layer]);
}

/** Why there is nothing to show: of the tokens around the query. */
function problemOf(view: View): string | null {
  const { memory } = view.session;
  for (const wish of lensOf(view).wishes.value) {
    const problem = wish?.kind === "lens" ? memory.answer(wish).problem : null;
    if (problem !== null) return problem;
  }
  return null;
}

/** What is waited for. Reads signals. */
function asking(view: View): string {
  const [wish] = lensOf(view).wishes.value;
  const progress = wish == null ? null : view.session.memory.progress(wish.kind, wish.key);
  const { done, total } = progress ?? { done: 0, total: 0 };
  return total === 0 ? "Asking every layer…" : `Asking every layer: ${done} of ${total}…`;
}

function directProblem({ session }: View): string | null {
  return session.memory.answer(directWish(session)).problem;
}

/** Which tokens are in sight, and the way to the others. */
function Moving({ table }: { readonly table: LensTable }) {
  const { move } = lensOf(useView());
  const { start, total, columns } = table;
  const stop = start + columns.length;
  if (columns.length >= total) return <span class="aw-unit">{count(total, "token")}</span>;
  return (
    <span class="aw-lens-moving">
      <button
        type="button"
        aria-label="Earlier tokens"
        disabled={start === 0}
        onClick={() => move(Math.max(0, start - columns.length))}
      >
        ‹
      </button>
      <span class="aw-unit aw-number">
        tokens {start}–{stop - 1} of {total}
      </span>
      <button
        type="button"
        aria-label="Later tokens"
        disabled={stop >= total}
        onClick={() => move(Math.min(total - columns.length, start + columns.length))}
      >
        ›
      </button>
    </span>
  );
}

function Tip({ table, scene }: { readonly table: LensTable; readonly scene: LensScene }) {
  const looked = lensOf(useView()).looked.value;
  const place = looked === null ? null : placeOfHit(scene, table.start, looked);
  if (looked === null || place === null || looked.kind === "token") return null;
  const [x, y] = [place.x + place.width / 2, place.y];
  if (looked.kind !== "cell")
    return table.direct === null ? null : (
      <Tooltip x={x} y={y} width={scene.width}>
        {directInWords(table.direct, looked)}
      </Tooltip>
    );
  const column = table.columns[looked.position - table.start];
  if (column == null) return null;
  const { top, answer, rank, settled } = cellOf(column, looked.layer);
  return (
    <Tooltip x={x} y={y} width={scene.width} kind="lens">
      layer {looked.layer} · <bdi>{placeWord(column)}</bdi>
      <span class="aw-lens-list">
        {top.map(({ piece, probability }, place) => (
          <span key={place}>
            <bdi>{saidPiece(piece)}</bdi> <b class="aw-number">{weight(probability)}</b>
          </span>
        ))}
        {!settled && (
          <span class="aw-unit">
            {column.lens.asked ? "asked" : "in the end"} <bdi>{saidPiece(answer.piece)}</bdi>{" "}
            <b class="aw-number">
              {weight(answer.probability)}, rank {grouped(rank)}
            </b>
          </span>
        )}
      </span>
    </Tooltip>
  );
}
