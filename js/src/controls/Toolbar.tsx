import { useView } from "../display/view";
import { hasSecond } from "../focus/fields";
import { pieceLabel, shorten, stretchLabel } from "../lib/format";
import type { Session } from "../session/session";
import { unitsOf } from "../session/shown";
import { toTokens } from "../session/units";
import type { Direction, Span, Tokens } from "../wire/types";
import { FilterControl } from "./FilterControl";
import { ChangeControls, SourceControls } from "./LookControls";
import { Segmented } from "./Segmented";
import { Term } from "./Term";

const directions = [
  {
    value: "reads",
    text: "reads",
    tint: "reads",
    title: "Which tokens the query reads. Shortcut in grid and matrix: r",
  },
  {
    value: "read_by",
    text: "is read by",
    tint: "read_by",
    title: "Which tokens read the query. Shortcut in grid and matrix: r",
  },
] as const satisfies readonly { value: Direction; text: string; tint: string; title: string }[];

/** `textOnly`: what it chooses colours the text, and is not what the stage shows. */
export function Toolbar({ textOnly }: { readonly textOnly: boolean }) {
  const { session } = useView();
  const parts = partsOf(session);
  return (
    <div class="aw-toolbar" data-parts={parts.length > 1 || undefined}>
      <Segmented
        label="Direction"
        choices={directions}
        value={session.traits.direction.value}
        onChoose={(direction) => session.setDirection(direction)}
      />
      <Query />
      <span class="aw-toolbar-end">
        {parts.length > 1 && (
          <Segmented
            label="Part of the model"
            choices={parts.map((part) => ({ value: part, text: part }))}
            value={session.traits.part.value}
            onChoose={(part) => session.setPart(part)}
          />
        )}
        <SourceControls textOnly={textOnly} />
      </span>
      <span class="aw-toolbar-look">
        <FilterControl />
        <ChangeControls />
      </span>
    </div>
  );
}

/** What is looked at: all of the toolbar that follows the pointer. */
function Query() {
  const { session, numbers } = useView();
  const tokens = numbers.asked.value;
  const focus = numbers.focus.value;
  if (tokens === null || focus[1] <= focus[0]) return null;
  return (
    <span class="aw-query">
      <span class="aw-label">
        <Term name="query">query</Term>{" "}
      </span>
      <b dir="auto">{spanLabel(tokens, focus)}</b>{" "}
      <span class="aw-number">
        {spanNumber(toTokens(unitsOf(session.shown.value, numbers.direction.value), focus))}
      </span>
    </span>
  );
}

/** The parts to choose from. Beside a source alone a decoder has nothing to say. */
function partsOf(session: Session): readonly string[] {
  const about = session.about.value;
  if (about === null) return [];
  const alone = about.model.second === "target" && !hasSecond(session);
  return alone && session.traits.part.value === about.model.parts[0] ? [] : about.model.parts;
}

export function spanLabel(tokens: Tokens, [start, stop]: Span): string {
  const [first, last] = [tokens.times?.[start], tokens.times?.[stop - 1]];
  if (stop - start > 1 && first != null && last != null) return stretchLabel(first[0], last[1]);
  return shorten(tokens.pieces.slice(start, stop).map(pieceLabel).join(" "), 28);
}

function spanNumber([start, stop]: Span): string {
  return stop - start === 1 ? `#${start}` : `#${start}–${stop - 1}`;
}

/** "“is” reads". */
export function sentence(tokens: Tokens, span: Span, direction: Direction): string {
  return `“${spanLabel(tokens, span)}” ${direction === "reads" ? "reads" : "is read by"}`;
}
