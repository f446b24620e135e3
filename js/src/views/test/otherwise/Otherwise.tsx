import { useState } from "preact/hooks";
import { Running } from "../../../controls/Measure";
import { Segmented } from "../../../controls/Segmented";
import { useView } from "../../../display/view";
import { hexOf, inkOn, type Palette, rampColour, tone } from "../../../lib/colour";
import { pieceLabel, shortLabel, weight } from "../../../lib/format";
import type { Session } from "../../../session/session";
import { unitsOf } from "../../../session/shown";
import { toTokens } from "../../../session/units";
import type { Counterfactual } from "../../../wire/experiments/counterfactual";
import { Folded } from "../Folded";
import { otherwiseFound, otherwiseOf, otherwiseWish, possibleWish } from "./asked";
import { foundInWords, heldInWords, otherwiseCode, rowAt, rowOf } from "./words";
import "./style.css";

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
  const sought = otherwiseWish(session) !== null;
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
      {!known && sought && problem === null ? (
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

/** The row of the query in both patterns, over the same words. */
function Rows({ session, found }: RowsProps) {
  const { palette } = useView();
  const shown = session.shown.value;
  const header = shown?.frame.header;
  const reads = header !== undefined && header.direction === "reads";
  const asked = reads ? (toTokens(unitsOf(shown), header.query)[1] ?? 0) - 1 : -1;
  const row = rowOf(found, asked);
  const [own, other] = [rowAt(found, found.own, row), rowAt(found, found.found, row)];
  const full = Math.max(...own, ...other);
  const piece = header?.tokens.pieces[row];
  const where = `the row of #${row}${piece === undefined ? "" : ` “${shortLabel(piece, 12)}”`}`;
  return (
    <>
      <p class="aw-otherwise-says">{foundInWords(found)}</p>
      <div class="aw-otherwise-rows">
        {[
          { name: "its own", weights: own },
          { name: "found", weights: other },
        ].map((pattern) => (
          <Words
            key={pattern.name}
            {...pattern}
            where={where}
            pieces={found.pieces}
            full={full}
            palette={palette.value}
          />
        ))}
      </div>
      <p class="aw-unit">
        {where}
        {row !== asked && asked >= 0 ? ` (#${asked} does not matter to the answer)` : ""} ·{" "}
        {heldInWords(found)}
      </p>
      <Keeping session={session} found={found} />
    </>
  );
}

interface WordsProps {
  readonly name: string;
  readonly where: string;
  readonly pieces: readonly string[];
  readonly weights: Float32Array;
  readonly full: number;
  readonly palette: Palette;
}

function Words({ name, where, pieces, weights, full, palette }: WordsProps) {
  const ramp = palette.reads.ramp;
  const most = [...pieces.keys()]
    .sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0))
    .slice(0, 3)
    .map((key) => `${pieceLabel(pieces[key])} ${weight(weights[key] ?? 0)}`);
  return (
    <>
      <span class="aw-unit">{name}</span>
      <span
        class="aw-otherwise-words"
        role="img"
        aria-label={`${name}, ${where}: most on ${most.join(", ")}`}
      >
        {pieces.map((piece, key) => {
          const colour = rampColour(ramp, 0.75 * tone(weights[key] ?? 0, full));
          return (
            <bdi
              key={key}
              title={`#${key} ${pieceLabel(piece)} ${weight(weights[key] ?? 0)}`}
              style={{ background: hexOf(colour), color: inkOn(colour) }}
            >
              {pieceLabel(piece)}
            </bdi>
          );
        })}
      </span>
    </>
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
