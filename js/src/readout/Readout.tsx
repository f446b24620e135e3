import type { ComponentChildren } from "preact";
import { Term } from "../controls/Term";
import { spanLabel } from "../controls/Toolbar";
import { useLastGood } from "../display/last-good";
import { chooseView, useView, type View } from "../display/view";
import { expectedRows } from "../focus/candidates";
import type { Ranked } from "../focus/derived";
import { producedIn } from "../focus/produced";
import { exactDigits } from "../lib/digits";
import { grouped, pieceLabel, pieceParts, shorten, signedWeight, weight } from "../lib/format";
import { unitsOf } from "../session/shown";
import { toTokens, unitOf } from "../session/units";
import type { Crops } from "../surface/picture/crops";
import { PatchCrop } from "../surface/picture/PatchCrop";
import { useCrops } from "../surface/picture/use-crops";
import { expectedChange, expectedWish } from "../what-if/expected";
import type { Expected as ChangedPredictions } from "../wire/difference";
import type { Predictions, Tokens } from "../wire/types";
import { RowNumbers } from "./RowNumbers";

/** What the focus reads, and what reads it. */
export function Neighbours() {
  const { numbers } = useView();
  const { tokens: queries, keys, asked } = numbers;
  if (queries.value === null || keys.value === null || asked.value === null) return null;
  const name = <bdi>{spanLabel(asked.value, numbers.focus.value)}</bdi>;
  // Of two texts a token reads or is read, and nothing is on the other list.
  const crossing = numbers.map.value?.square === false;
  const looks = numbers.direction.value;
  const reads = numbers.reads.value;
  const readBy = numbers.readBy.value;
  // One scale for both: a bar on the left and one on the right can be compared.
  const sizeOf = (ranked: readonly Ranked[]) => Math.abs(ranked[0]?.weight ?? 0);
  const most = Math.max(sizeOf(reads), sizeOf(readBy), Number.MIN_VALUE);
  return (
    <>
      {!(crossing && looks === "read_by") && (
        <Ranking
          tint="reads"
          heading={<>“{name}” reads</>}
          ranked={reads}
          weights={numbers.row.value}
          most={most}
          tokens={keys.value}
        />
      )}
      {!(crossing && looks === "reads") && (
        <Ranking
          tint="read_by"
          heading={<>“{name}” is read by</>}
          ranked={readBy}
          weights={numbers.column.value}
          most={most}
          tokens={queries.value}
        />
      )}
    </>
  );
}

interface RankingProps {
  readonly tint: "reads" | "read_by";
  readonly heading: ComponentChildren;
  readonly ranked: readonly Ranked[];
  readonly weights: Float32Array | null;
  readonly most: number;
  readonly tokens: Tokens;
}

function Ranking({ tint, heading, ranked, weights, most, tokens }: RankingProps) {
  const { session, local, numbers } = useView();
  const certain = numbers.certain.value;
  // Of a change: after the edits minus before them.
  const signed = numbers.map.value?.signed === true;
  const crops = useCrops(tokens);
  return (
    <section class="aw-ranking" data-tint={tint}>
      <h3>
        {heading}
        {signed && <span class="aw-unit">, after − before</span>}
      </h3>
      <ol>
        {/* By place: under the pointer rows come to say something else, and none is made anew. */}
        {ranked.map(({ token, weight: amount }, place) => (
          <li key={place} data-way={!signed ? undefined : amount < 0 ? "less" : "more"}>
            <button
              type="button"
              data-token={token}
              title={`Token ${token}${certain ? `: ${exactDigits(amount)}` : ""}. Click to make it the query.`}
              onClick={() => session.pinQuery([token, token + 1], tint === "reads" ? "key" : "query")}
              onPointerEnter={() => {
                local.marked.value = token;
              }}
              onPointerLeave={() => {
                local.marked.value = null;
              }}
            >
              <Bar
                label={<TokenName tokens={tokens} token={token} crops={crops} />}
                share={Math.abs(amount) / most}
                number={certain ? (signed ? changeNumber : weight)(amount) : "…"}
              />
            </button>
          </li>
        ))}
        {ranked.length === 0 && <li class="aw-none">nothing</li>}
      </ol>
      {weights !== null && !signed && <RowNumbers tint={tint} weights={weights} tokens={tokens} />}
    </section>
  );
}

/** A change, where there is room for so many digits: of one too small for them no sign. */
function changeNumber(amount: number): string {
  return Math.abs(amount) < 0.0005 ? weight(Math.abs(amount)) : signedWeight(amount);
}

interface TokenNameProps {
  readonly tokens: Tokens;
  readonly token: number;
  readonly crops: Crops | null;
}

/** A token by its piece; by its number too where the text has the piece more than once. */
function TokenName({ tokens, token, crops }: TokenNameProps) {
  const piece = tokens.pieces[token] ?? "";
  const alone = tokens.pieces.indexOf(piece) === tokens.pieces.lastIndexOf(piece);
  return (
    <>
      <PatchCrop crops={crops} token={token} />
      <bdi>{shorten(pieceLabel(piece), 18)}</bdi>
      {!alone && <span class="aw-unit"> #{token}</span>}
    </>
  );
}

function Bar({
  label,
  note,
  share,
  number,
}: {
  readonly label: ComponentChildren;
  /** Words behind the bar, for one that leaves them room. */
  readonly note?: string;
  readonly share: number;
  readonly number: string;
}) {
  return (
    <span class="aw-bar">
      <span class="aw-bar-label">{label}</span>
      <span class="aw-bar-track">
        <span style={{ width: `${Math.max(0.5, Math.min(1, share) * 100).toFixed(2)}%` }} />
        {note !== undefined && <small class="aw-unit">{note}</small>}
      </span>
      <span class="aw-number">{number}</span>
    </span>
  );
}

/** What the model expects at the focus. */
export function Expectations() {
  const view = useView();
  const { numbers } = view;
  const asked = expectedWish(view) !== null;
  const kept = useLastGood(view.session, asked ? expectedChange(view) : null);
  const change = asked ? kept.value : null;
  const predictions = numbers.predictions.value;
  const tokens = numbers.tokens.value;
  if (predictions === null || tokens === null) return null;
  const { kind, actual } = predictions;
  if (change !== null && kept.current)
    return <ExpectedChange change={change} late={kept.late} actual={actual?.piece ?? null} tokens={tokens} />;
  const listed = actual !== null && predictions.top.some(({ piece }) => piece === actual.piece);
  return (
    <section class="aw-ranking" data-tint="expected" data-kind={kind}>
      <h3>
        <Heading predictions={predictions} tokens={tokens} />
      </h3>
      <ol>
        {predictions.top.map(({ piece, probability }, index) => (
          <Expected
            key={index}
            piece={piece}
            token={kind === "next token" || kind === "this token"}
            share={probability}
            number={weight(probability)}
            actual={piece === actual?.piece}
            ask={runnerUp(view, predictions, piece)}
          />
        ))}
        {actual !== null && !listed && <Missed actual={actual} share={actual.probability} />}
      </ol>
    </section>
  );
}

/** The same before the changes of the computation and after them. */
function ExpectedChange({
  change,
  late,
  actual,
  tokens,
}: {
  readonly change: ChangedPredictions;
  readonly late: boolean;
  /** The token that the text has there. */
  readonly actual: string | null;
  readonly tokens: Tokens;
}) {
  const { session } = useView();
  const { kind, position } = change;
  const unit = position === null ? null : unitOf(unitsOf(session.shown.value), position);
  return (
    <section class="aw-ranking" data-tint="expected" data-kind={kind} data-changed aria-busy={late}>
      <h3>
        <Heading predictions={{ kind, position: unit }} tokens={tokens} short />
        <span class="aw-unit">, before → after</span>
      </h3>
      <ol>
        {expectedRows(change).map(({ piece, before, after, gain }, place) => (
          <Changed
            key={place}
            piece={piece}
            token={kind === "next token" || kind === "this token"}
            before={before ?? 0}
            after={after ?? 0}
            gain={gain}
            actual={piece === actual}
          />
        ))}
      </ol>
    </section>
  );
}

function Changed(props: {
  readonly piece: string;
  readonly token: boolean;
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  readonly actual: boolean;
}) {
  const { piece, before, after, gain, actual } = props;
  const words = props.token ? tokenLabel(piece) : pieceLabel(piece);
  const wide = (share: number) => ({ width: `${(100 * Math.min(1, share)).toFixed(2)}%` });
  const seen = Math.abs(gain) >= 0.0005;
  return (
    <li data-actual={actual || undefined} title={`${weight(before)} before, ${weight(after)} after`}>
      <span class="aw-bar">
        <span class="aw-bar-label">
          <bdi title={props.token ? undefined : piece}>{words}</bdi>
        </span>
        <span class="aw-bar-track aw-bar-both">
          <span style={wide(after)} />
          <i style={wide(before)} />
        </span>
        <span class="aw-number">{weight(after)}</span>
        <span class="aw-number aw-gain" data-way={!seen ? undefined : gain < 0 ? "down" : "up"}>
          {seen ? signedWeight(gain) : ""}
        </span>
      </span>
    </li>
  );
}

function Heading(props: {
  readonly predictions: Pick<Predictions, "kind" | "position">;
  readonly tokens: Tokens;
  /** Where more stands beside it. */
  readonly short?: boolean;
}) {
  const { predictions, tokens, short = false } = props;
  const { kind, position } = predictions;
  const name = <bdi>{shorten(pieceLabel(tokens.pieces[position ?? -1] ?? ""), 18)}</bdi>;
  switch (kind) {
    case "next token":
      return (
        <>
          Next {short ? "" : "token "}after “{name}”
        </>
      );
    case "this token":
      return <>In the place of “{name}”</>;
    case "label":
      return <>Label of “{name}”</>;
    case "class":
      return <>Class</>;
    case "answer span":
      return <>Answer</>;
  }
}

/** A token of the vocabulary: its leading space matters. */
function tokenLabel(piece: string): ComponentChildren {
  const { space, rest } = pieceParts(piece);
  return (
    <>
      {space !== "" && <span class="aw-space">{space}</span>}
      {shorten(rest, 16)}
    </>
  );
}

function Expected(props: {
  readonly piece: string;
  /** A token of the vocabulary, and not a label or an answer. */
  readonly token: boolean;
  readonly share: number;
  readonly number: string;
  readonly actual: boolean;
  /** Asks why the text goes on as it does, rather than with this one. */
  readonly ask?: (() => void) | undefined;
}) {
  const words = props.token ? tokenLabel(props.piece) : pieceLabel(props.piece);
  const label = <bdi title={props.token ? undefined : props.piece}>{words}</bdi>;
  const bar = (
    <Bar
      label={props.actual ? <Term name="green token">{label}</Term> : label}
      share={props.share}
      number={props.number}
    />
  );
  return (
    <li data-actual={props.actual || undefined}>
      {props.ask === undefined ? (
        bar
      ) : (
        <button
          type="button"
          title="Ask what speaks for the token of the text, rather than for this one (Test)"
          onClick={props.ask}
        >
          {bar}
        </button>
      )}
    </li>
  );
}

/** Beside a token that the model has written: the question why that one, rather than another that it expected too. */
function runnerUp(
  view: View,
  { kind, position, actual }: Predictions,
  piece: string,
): (() => void) | undefined {
  const { session, derived } = view;
  if (kind !== "next token" || position === null || actual === null || actual.piece === piece) return;
  const token = toTokens(unitsOf(session.shown.value), [position, position + 1])[1] - 1;
  const field = derived.direction.value === "reads" && session.continuing.produced.value?.field === 1 ? 1 : 0;
  const written = producedIn(session, derived.fields[field].value, field);
  if (!written.has(position + 1)) return;
  return () => {
    session.setQuestion({ answer: actual.piece, rather: piece, at: token });
    chooseView(view, "test");
  };
}

function Missed({
  actual,
  share,
}: {
  readonly actual: NonNullable<Predictions["actual"]>;
  readonly share: number;
}) {
  const { rest } = pieceParts(actual.piece);
  return (
    <li data-actual title={`Number ${actual.rank} of what the model expects`}>
      <Bar
        label={
          <Term name="green token">
            <bdi>{shorten(rest, 12)}</bdi>
          </Term>
        }
        note={`rank ${grouped(actual.rank)}`}
        share={share}
        number={weight(actual.probability)}
      />
    </li>
  );
}
