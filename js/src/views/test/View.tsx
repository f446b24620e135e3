import { useMemo, useRef, useState } from "preact/hooks";
import { Running } from "../../controls/Measure";
import { Toggle } from "../../controls/Toggle";
import { Canvas } from "../../display/Canvas";
import { Caption } from "../../display/Caption";
import { useFigure } from "../../display/figures";
import { useLastGood } from "../../display/last-good";
import { textMeasurer } from "../../display/measure";
import { Tooltip } from "../../display/Tooltip";
import { ViewGrid } from "../../display/ViewGrid";
import { useRoom, useView, type View } from "../../display/view";
import { accent } from "../../lib/colour";
import { unitsOf } from "../../session/shown";
import { toTokens } from "../../session/units";
import type { Evidence } from "../../wire/experiments/evidence";
import { evidenceSoFar, evidenceWish, isStopped, stop } from "./asked";
import { Deletion } from "./Deletion";
import { testFigure } from "./figure";
import { type Looking, pointTest, pressTest, steerTest } from "./input";
import { isSought, otherwiseFills } from "./otherwise/asked";
import { Otherwise } from "./otherwise/Otherwise";
import { paintTest } from "./paint";
import { type TestPicture, testPicture } from "./picture";
import { Question } from "./Question";
import { columnsOf, rowsOf } from "./rows";
import { haveRoom, revealRow, rowRect, type Spot, testScene, wholeScene } from "./scene";
import { fillsStage, Ways } from "./ways/Ways";
import { recipesOf, spotInWords } from "./words";

/** What methods say of every word, beside what hiding it does to the answer. */
export function TestView() {
  const view = useView();
  const { session } = view;
  const { problem } = session.memory.answer(evidenceWish(session));
  const { value: shown, late, current } = useLastGood(session, evidenceSoFar(session));
  const alone = fillsStage(view) || otherwiseFills(view);
  return (
    <figure class="aw-view">
      <div class="aw-test-head">
        <Question />
        <Progress />
      </div>
      {!alone && shown?.sentence != null && <p class="aw-test-says">{shown.sentence}</p>}
      {alone ? null : shown === null ? (
        <p class="aw-view-state">
          {problem ?? (isStopped(session) ? "Nothing is measured yet." : "Measuring…")}
        </p>
      ) : (
        <Table evidence={shown} late={late || !current} problem={problem} />
      )}
      <Otherwise />
      <Ways />
    </figure>
  );
}

/** How far the test is, and a way to stop it, or to go on. */
function Progress() {
  const { session } = useView();
  const wish = evidenceWish(session);
  // While another search has the model, the test waits, and what is under way says so itself.
  if (wish === null || session.memory.answer(wish).value !== undefined || isSought(session)) return null;
  if (isStopped(session))
    return (
      <button type="button" class="aw-measure" onClick={() => stop(session, false)}>
        go on measuring
      </button>
    );
  if (session.memory.problem(wish.kind, wish.key) !== null) return null;
  return (
    <Running
      label="Hiding each word"
      progress={session.memory.progress(wish.kind, wish.key)}
      onStop={() => stop(session, true)}
    />
  );
}

interface Props {
  readonly evidence: Evidence;
  readonly late: boolean;
  readonly problem: string | null;
}

function Table({ evidence, late, problem }: Props) {
  const view = useView();
  const { palette, layout } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const { width, tallest } = useRoom(scroller);
  const [offset, setOffset] = useState(0);
  const [on, set] = useState<Spot | null>(null);
  const [unfolded, unfold] = useState(false);
  const [wished, setWished] = useState<boolean | null>(null);
  const nulls = wished ?? haveRoom(evidence.methods.length, width);
  const columns = useMemo(() => columnsOf(evidence, nulls), [evidence, nulls]);
  const rows = useMemo(() => rowsOf(evidence, unfolded), [evidence, unfolded]);
  const measure = useMemo(textMeasurer, []);
  const colours = palette.value;
  const given = {
    rows,
    places: evidence.places,
    columns,
    width,
    measure: (text: string) => measure(text, `400 11px ${colours.font}`),
  };
  const scene = useMemo(
    () => (width === 0 ? null : testScene({ ...given, tallest, offset })),
    [rows, columns, width, tallest, offset, colours],
  );
  const inks = useMemo(() => testPicture(evidence, columns, colours), [evidence, columns, colours]);
  const picture = { ...inks, ...pointedOut(view, evidence), looked: on, measure };
  const looking: Looking = { on, set, fold: () => unfold(!unfolded) };
  useFigure("stage", (look) =>
    scene === null ? null : testFigure({ evidence, columns, scene: wholeScene(given), picture }, look),
  );
  const said = on === null ? "" : spotInWords(evidence, columns, rows, on);
  const some = evidence.methods.some(({ ramp }) => ramp === "null");
  return (
    <>
      <ViewGrid
        name="test"
        label={`Why ${evidence.answer.words}: words downwards, methods to the right`}
        spoken={said}
        data={{
          places: evidence.places.length,
          compared: evidence.compared,
          columns: columns.map(({ name }) => name).join(" "),
          done: evidence.methods.every(({ done }) => done),
        }}
        busy={late}
        scroller={scroller}
        extent={scene}
        reveal={(row) => (scene === null ? null : revealRow(scene, row))}
        home={0}
        looked={on?.row ?? null}
        onScroll={setOffset}
        onPoint={(event) => scene !== null && !late && pointTest(view, evidence, scene, looking, event)}
        onPress={(event) => scene !== null && !late && pressTest(view, evidence, scene, looking, event)}
        onSteer={(event) => scene !== null && !late && steerTest(view, evidence, scene, looking, event)}
        onLeave={() => set(null)}
        over={
          scene !== null &&
          on !== null &&
          said !== "" &&
          on.column !== null && (
            <Tooltip
              x={scene.left + (on.column + 0.5) * scene.columnWidth}
              y={
                on.row === null
                  ? scene.top + 30
                  : on.row >= rows.length
                    ? scene.bottom
                    : rowRect(scene, on.row).y
              }
              width={scene.width}
            >
              {said}
            </Tooltip>
          )
        }
      >
        {scene !== null && (
          <Canvas
            width={scene.width}
            height={scene.height}
            paint={(brush) => paintTest(brush, scene, picture, colours)}
          />
        )}
      </ViewGrid>
      {layout.value.readout === "band" && evidence.curves !== null && (
        <Deletion evidence={evidence} curves={evidence.curves} />
      )}
      <Caption
        problem={problem}
        aside={
          some && (
            <Toggle
              value="nulls"
              text="nulls"
              title="Columns of what is known to say nothing: uniform attention, shuffled weights, an untrained copy"
              pressed={nulls}
              onPress={setWished}
            />
          )
        }
      >
        {recipesOf(columns)}
      </Caption>
    </>
  );
}

/** Rows of what is looked at elsewhere, and of the query. */
function pointedOut(
  { session, local, palette }: View,
  { places }: Evidence,
): Pick<TestPicture, "marked" | "query" | "strong"> {
  const units = unitsOf(session.shown.value);
  const pointed = local.hoverToken.value ?? local.marked.value;
  const of = (from: number, to: number) =>
    new Set(places.flatMap(({ token, count }, place) => (token < to && token + count > from ? [place] : [])));
  const query = session.shown.value?.frame.header.query ?? [0, 0];
  return {
    marked: pointed === null ? of(0, 0) : of(...toTokens(units, [pointed, pointed + 1])),
    query: of(...toTokens(units, query)),
    strong: accent(palette.value, "reads").strong,
  };
}
