import { useState } from "preact/hooks";
import { Running } from "../../../controls/Measure";
import { Segmented } from "../../../controls/Segmented";
import { Canvas } from "../../../display/Canvas";
import { useView } from "../../../display/view";
import { type Values, weightPixels } from "../../../drawing/pixels";
import { behindLetters, fullTone, hexOf, inkOn, mix, type Palette, rgbOf, tone } from "../../../lib/colour";
import { pieceLabel, shortLabel, weight } from "../../../lib/format";
import type { Session } from "../../../session/session";
import { unitsOf } from "../../../session/shown";
import { toTokens } from "../../../session/units";
import type { Counterfactual } from "../../../wire/experiments/counterfactual";
import { Folded } from "../Folded";
import { isSought, otherwiseFound, otherwiseOf, possibleWish } from "./asked";
import { foundInWords, heldInWords, mostRead, otherwiseCode, rowAt, rowInWords, rowOf } from "./words";
import "./style.css";

/** The longer side of a map, in CSS pixels. */
const mapSide = 144;

/** Attention is no explanation by itself: another pattern of this head under which the model says the same. */
export function Otherwise() {
  const { session } = useView();
  const { open } = otherwiseOf(session);
  if (!session.can("counterfactual")) return null;
  return (
    <Folded
      name="aw-otherwise"
      open={open}
      title="Another pattern of this head, or one that misleads, under which the model says the same"
      heading="Other attention, same answer"
      controls={<Asking session={session} />}
    >
      <Found session={session} />
    </Folded>
  );
}

/** Of which heads, what is sought, and the button that begins. */
function Asking({ session }: { readonly session: Session }) {
  const { whole, away, wanted } = otherwiseOf(session);
  const wish = possibleWish(session);
  const header = session.shown.value?.frame.header;
  if (wish === null || header === undefined) return null;
  const { layer, head } = header;
  const keys = (header.key_tokens ?? header.tokens).pieces;
  const known = otherwiseFound(session) !== null;
  const problem = session.memory.problem(wish.kind, wish.key);
  return (
    <>
      <Segmented
        label="Which heads"
        choices={[
          { value: "head", text: `L${layer}H${head}`, title: "This head alone" },
          { value: "layer", text: `L${layer}`, title: "All heads of its layer together" },
        ]}
        value={whole.value ? "layer" : "head"}
        onChoose={(value) => {
          whole.value = value === "layer";
        }}
      />
      <span class="aw-select">
        <select
          aria-label="What is sought"
          title="The pattern most unlike its own, or one that hides a word from whoever reads the map"
          value={away.value === null ? "" : String(away.value)}
          onChange={({ currentTarget: { value } }) => {
            away.value = value === "" ? null : Number(value);
          }}
        >
          <option value="">most unlike its own</option>
          {keys.map((piece, key) => (
            <option key={key} value={key}>
              hides {pieceLabel(piece)} #{key}
            </option>
          ))}
        </select>
      </span>
      {isSought(session) ? (
        <Running
          label="Looking for other attention"
          progress={session.memory.progress(wish.kind, wish.key)}
          onStop={() => {
            wanted.value = null;
          }}
        />
      ) : (
        <button
          type="button"
          class="aw-measure"
          disabled={known || problem !== null}
          title="Some hundred passes and back; in Python: aw.adversarial_attention, aw.deceptive_attention"
          onClick={() => {
            wanted.value = wish.key;
          }}
        >
          find it
        </button>
      )}
    </>
  );
}

function Found({ session }: { readonly session: Session }) {
  const wish = possibleWish(session);
  const found = otherwiseFound(session);
  const problem = wish && session.memory.problem(wish.kind, wish.key);
  if (found === null)
    return (
      <p class="aw-unit">
        {problem ??
          "Could this head have attended elsewhere, and the model said the same? Then its weights do not explain the answer by themselves."}
      </p>
    );
  return <Rows session={session} found={found} />;
}

interface RowsProps {
  readonly session: Session;
  readonly found: Counterfactual;
}

/** The head's own pattern and the other one beside each other: the row of the query over the same words, and all rows as maps. */
function Rows({ session, found }: RowsProps) {
  const { derived } = useView();
  const shown = session.shown.value;
  const header = shown?.frame.header;
  const reads = header !== undefined && header.direction === "reads";
  const asked = reads ? (toTokens(unitsOf(shown), header.query)[1] ?? 0) - 1 : -1;
  const row = rowOf(found, asked);
  const piece = header?.tokens.pieces[row];
  const where = `the row of #${row}${piece === undefined ? "" : ` “${shortLabel(piece, 12)}”`}`;
  const [own, other] = [rowAt(found, found.own, row), rowAt(found, found.found, row)];
  const full = fullTone(derived.scale.value, Math.max(...own, ...other));
  const causal = header?.causal === true && found.sizes[0] === found.sizes[1];
  const beside = { found, row, where, full, causal };
  return (
    <>
      <p class="aw-otherwise-says">{foundInWords(found)}</p>
      <div class="aw-otherwise-pair">
        <Pattern {...beside} name="its own" map={found.own} />
        <Pattern {...beside} name="found" map={found.found} />
      </div>
      <p class="aw-unit">
        words: {where}
        {row !== asked && asked >= 0 ? ` (#${asked} does not matter to the answer)` : ""} ·{" "}
        {heldInWords(found)}
      </p>
      <Keeping session={session} found={found} />
    </>
  );
}

interface PatternProps {
  readonly name: string;
  readonly found: Counterfactual;
  readonly map: Float32Array;
  readonly row: number;
  readonly where: string;
  /** The weight of the full tone. */
  readonly full: number;
  readonly causal: boolean;
}

/** One of the two: what it reads most, the words with their heat, and the map where more than this row was changed. */
function Pattern({ name, found, map, row, where, full, causal }: PatternProps) {
  const { palette } = useView();
  const { pieces, sizes, counted } = found;
  const colours = palette.value;
  const weights = rowAt(found, map, row);
  const most = mostRead(pieces, weights);
  return (
    <figure>
      <figcaption>
        <b>{name}</b> <span class="aw-unit">most on</span> <bdi>{pieceLabel(pieces[most])}</bdi>{" "}
        <span class="aw-number">{weight(weights[most] ?? 0)}</span>
      </figcaption>
      <span class="aw-otherwise-words" role="img" aria-label={rowInWords(name, where, pieces, weights)}>
        {pieces.map((piece, key) => {
          const own = weights[key] ?? 0;
          const colour = mix(
            rgbOf(colours.reads.mark),
            behindLetters(tone(own, full)),
            rgbOf(colours.ground),
          );
          return (
            <bdi
              key={key}
              title={`#${key} ${pieceLabel(piece)} ${weight(own)}`}
              data-most={key === most || undefined}
              style={{ background: hexOf(colour), color: inkOn(colour) }}
            >
              {pieceLabel(piece)}
            </bdi>
          );
        })}
      </span>
      {counted.length > 1 && (
        <AllRows
          map={{ values: map, rows: sizes[0], columns: sizes[1], full, causal }}
          row={row}
          colours={colours}
        />
      )}
    </figure>
  );
}

interface AllRowsProps {
  readonly map: Values;
  readonly row: number;
  readonly colours: Palette;
}

/** All rows; a line marks the one whose words are on show. */
function AllRows({ map, row, colours }: AllRowsProps) {
  const { rows, columns } = map;
  const cell = Math.min(14, mapSide / Math.max(rows, columns));
  const [width, height] = [Math.round(cell * columns), Math.round(cell * rows)];
  return (
    <Canvas
      width={width}
      height={height}
      paint={({ context, bitmap }) => {
        context.imageSmoothingEnabled = false;
        context.drawImage(bitmap(weightPixels(map, colours.reads.ramp)), 0, 0, width, height);
        context.strokeStyle = colours.reads.strong;
        context.lineWidth = 1;
        context.strokeRect(0.5, Math.round(row * cell) + 0.5, width - 1, Math.max(2, Math.round(cell) - 1));
      }}
    />
  );
}

/** As a finding, which the kernel keeps, or as Python. */
function Keeping({ session, found }: RowsProps) {
  const [said, say] = useState<string | null>(null);
  const [code, show] = useState(false);
  const { part } = session.shown.value?.frame.header ?? {};
  const parts = session.about.value?.model.parts ?? [];
  const keep = async () => {
    say("Keeping it…");
    try {
      await session.pages.finding(`${foundInWords(found)} (${heldInWords(found)})`, false);
      say("Kept. In Python: ex.findings[-1]");
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <div class="aw-otherwise-keeping">
        <button
          type="button"
          class="aw-measure"
          disabled={said === "Keeping it…"}
          onClick={() => void keep()}
        >
          keep as a finding
        </button>
        <button type="button" class="aw-measure" aria-expanded={code} onClick={() => show(!code)}>
          as Python
        </button>
        <span class="aw-unit" role="status">
          {said}
        </span>
      </div>
      {code && (
        <pre class="aw-otherwise-code">
          {otherwiseCode(found, parts.length > 1 ? (part ?? null) : null, session.traits.question.value)}
        </pre>
      )}
    </>
  );
}
