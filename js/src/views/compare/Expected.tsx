import type { ComponentChildren } from "preact";
import { useLastGood } from "../../display/last-good";
import { useView } from "../../display/view";
import { expectedHeading, expectedRows, type Row } from "../../focus/candidates";
import { rampColour } from "../../lib/colour";
import { pieceLabel, pieceParts, shorten, weight } from "../../lib/format";
import type { Expected } from "../../wire/difference";
import { comparing, expectedWish } from "./difference";

/** What the model expects of both texts: before and after beside each other, and what each candidate gained. */
export function ExpectedBoth({ instead = null }: { readonly instead?: ComponentChildren }) {
  const view = useView();
  const { session } = view;
  const { value } = session.memory.answer(expectedWish(view));
  const { value: shown, late } = useLastGood(session, value);
  const tokens = session.shown.value?.frame.header.tokens;
  if (!comparing(session) || shown === null || tokens === undefined) return <>{instead}</>;
  const name = shorten(pieceLabel(tokens.pieces[shown.position ?? -1] ?? ""), 18);
  return (
    <section class="aw-expected" data-tint="expected" aria-busy={late}>
      <h3>{expectedHeading(shown.kind, name)}</h3>
      {shown.rows === undefined ? (
        <p class="aw-unit">“{name}” has no partner in the held text: nothing was expected there.</p>
      ) : (
        <Table expected={shown} />
      )}
    </section>
  );
}

function Table({ expected }: { readonly expected: Expected }) {
  return (
    <table>
      <thead>
        <tr>
          <th />
          <th scope="col">held</th>
          <th class="aw-two-bars" />
          <th scope="col">now</th>
          <th scope="col">gain</th>
        </tr>
      </thead>
      <tbody>
        {expectedRows(expected).map((row, place) => (
          <Candidate key={place} row={row} token={expected.kind.endsWith("token")} />
        ))}
      </tbody>
    </table>
  );
}

function Candidate({ row, token }: { readonly row: Row; readonly token: boolean }) {
  const { signed } = useView().palette.value;
  const { piece, before, after, gain } = row;
  const { space, rest } = token ? pieceParts(piece) : { space: "", rest: pieceLabel(piece) };
  const colour = `rgb(${rampColour(signed, gain < 0 ? 0.07 : 0.93).join(" ")})`;
  const plain = Math.abs(gain) < 0.0005;
  return (
    <tr>
      <th scope="row" title={piece}>
        <bdi>
          {space !== "" && <span class="aw-space">{space}</span>}
          {shorten(rest, 16)}
        </bdi>
      </th>
      <td class="aw-number aw-unit">{before === null ? "–" : weight(before)}</td>
      <td class="aw-two-bars">
        <span style={{ width: `${100 * (before ?? 0)}%` }} />
        <span style={{ width: `${100 * (after ?? 0)}%` }} />
      </td>
      <td class="aw-number">{after === null ? "–" : weight(after)}</td>
      <td class="aw-number" style={plain ? {} : { color: colour }}>
        {plain ? "" : `${gain < 0 ? "▼" : "▲"} ${weight(Math.abs(gain))}`}
      </td>
    </tr>
  );
}
