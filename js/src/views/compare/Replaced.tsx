import { useView } from "../../display/view";
import { grouped, shorten } from "../../lib/format";
import { askedOf } from "../../session/axes";
import type { Difference, Replacement } from "../../wire/difference";
import { type ReplacedInText, replacedIn } from "./context";

/** What stands in the place of what: the words of both texts, where they stand. */
export function Replaced({ difference }: { readonly difference: Difference }) {
  const { session } = useView();
  const shown = session.shown.value;
  if (shown === null) return null;
  const tokens = askedOf(shown.frame.header, "reads");
  const { listed, more } = replacedIn(difference.replaced, tokens, [shown.text, shown.pair]);
  const look = ({ second: [start, stop] }: Replacement) =>
    session.pinTokens([start, Math.max(stop, start + 1)]);
  return (
    <div class="aw-replaced">
      {listed.map((one, place) => (
        <button
          key={place}
          type="button"
          title="Looks from here, in the text above"
          onClick={() => look(one)}
        >
          <Change {...one} />
        </button>
      ))}
      {more > 0 && <span class="aw-unit">and {grouped(more)} more</span>}
    </div>
  );
}

function Change({ lead, before, after, trail }: ReplacedInText) {
  return (
    <>
      <bdi class="aw-unit">{lead}</bdi>
      <span class="aw-swap">
        {before === "" ? (
          <span class="aw-unit">nothing</span>
        ) : (
          <del title={before}>{shorten(before, 32)}</del>
        )}
        {after === "" ? <span class="aw-unit">nothing</span> : <ins title={after}>{shorten(after, 32)}</ins>}
      </span>
      <bdi class="aw-unit">{trail}</bdi>
    </>
  );
}
