import { useComputed } from "@preact/signals";
import type { RefObject } from "preact";
import { Boundary } from "../../display/Boundary";
import { useView } from "../../display/view";
import { writtenIn } from "../../focus/fields";
import { isFolded } from "../../focus/pointer";
import { namingOf, type TurnField } from "../../focus/turns";
import { count, pieceLabel, shorten } from "../../lib/format";
import { Continue } from "../Continue";
import { Control } from "../Control";
import { look, pinIn } from "../looks";
import type { TextSurface } from "../text-surface";
import { walk } from "./walk";
import "./style.css";

interface Props {
  readonly roles: readonly string[];
  readonly surface: RefObject<TextSurface | null>;
}

/** A conversation: a control for what is said in every turn, and the template's own tokens around it. */
export function Turns({ roles, surface }: Props) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the controls in it
    <div class="aw-turns" onKeyDown={walk}>
      {roles.map((role, turn) => (
        <Row key={`${turn} ${role}`} role={role} turn={turn} of={roles.length} surface={surface} />
      ))}
    </div>
  );
}

interface RowProps {
  readonly role: string;
  readonly turn: number;
  readonly of: number;
  readonly surface: RefObject<TextSurface | null>;
}

function Row({ role, turn, of, surface }: RowProps) {
  const { session, local } = useView();
  // Not of what is derived from a frame: whatever becomes of that, the controls keep the text.
  const said = useComputed(() => {
    const text = writtenIn(local, session);
    const { start = 0, stop = 0 } = session.turns.of(text)?.[turn] ?? {};
    return text.slice(start, stop);
  }).value;
  const folded = isFolded(local, role) && said !== "";
  return (
    <div class="aw-turn" data-role={role}>
      {role === "system" && <Fold />}
      <Boundary of="The tokens around a turn" instead={<span class="aw-role">{role}</span>}>
        <Marks turn={turn} role={role} where="before" />
      </Boundary>
      {folded ? (
        <Folded turn={turn} said={said} />
      ) : (
        <div class="aw-stack" data-empty={said === "" || undefined}>
          <div class="aw-mirror" dir="auto" data-stale={session.problem.value !== null}>
            <span class="aw-words" aria-hidden="true">
              {said}
              {/* A last empty line has no height by itself. */}
              {"\u200b"}
            </span>
          </div>
          <Control
            slot={{ number: 0, turn, of }}
            surface={surface}
            label={`${role}, turn ${turn + 1} of ${of}`}
          />
        </div>
      )}
      <Boundary of="The tokens around a turn" instead={null}>
        <Marks turn={turn} role={role} where="after" />
      </Boundary>
      {turn === of - 1 && <Continue />}
    </div>
  );
}

/** Opens what the system turn says, or puts one line in its place. */
function Fold() {
  const { local } = useView();
  const open = local.unfolded.value;
  return (
    <button
      type="button"
      class="aw-fold"
      aria-expanded={open}
      aria-label="What the system turn says"
      title={open ? "Fold the system turn" : "Open the system turn"}
      onClick={() => {
        local.unfolded.value = !open;
      }}
    >
      {open ? "▾" : "▸"}
    </button>
  );
}

/** One line for all that is said, with the strongest of its colours. */
function Folded({ turn, said }: { readonly turn: number; readonly said: string }) {
  const { local, derived } = useView();
  const tokens = useComputed(
    () => derived.fields[0].value.turns?.[turn]?.said.flatMap((stretch) => stretch.tokens).join(" ") ?? "",
  ).value;
  const many = tokens === "" ? 0 : tokens.split(" ").length;
  return (
    <button
      type="button"
      class="aw-folded"
      data-tokens={tokens === "" ? undefined : tokens}
      title={`${count(many, "token")}, with the tone of the strongest. Click to open.`}
      onClick={() => {
        local.unfolded.value = true;
      }}
    >
      {shorten(said.replace(/\s+/g, " "), 200)}
    </button>
  );
}

interface MarksProps {
  readonly turn: number;
  readonly role: string;
  readonly where: "before" | "after";
}

/** The template's tokens around a turn. Those that name the role look like its label; where none does, there is a label. */
function Marks({ turn, role, where }: MarksProps) {
  const view = useView();
  const { turns, tokens } = view.derived.fields[0].value;
  const field: TurnField | undefined = turns?.[turn];
  const marks = (field?.[where] ?? []).map((stretch) => ({
    stretch,
    label: pieceLabel(tokens?.pieces[stretch[0] ?? -1] ?? ""),
  }));
  const labels = marks.map(({ label }) => label);
  const [from, to] = where === "before" ? namingOf(labels, role) : [labels.length, labels.length];
  const named = marks.slice(from, to);
  return (
    <span class={`aw-marks-${where}`}>
      {where === "before" && named.length === 0 && <span class="aw-role">{role}</span>}
      {marks.slice(0, from).map((mark) => (
        <Mark key={mark.stretch[0]} {...mark} />
      ))}
      {named.length > 0 && (
        <span class="aw-role">
          {named.map((mark) => (
            <Mark key={mark.stretch[0]} {...mark} />
          ))}
        </span>
      )}
      {marks.slice(to).map((mark) => (
        <Mark key={mark.stretch[0]} {...mark} />
      ))}
    </span>
  );
}

function Mark({ stretch, label }: { readonly stretch: readonly number[]; readonly label: string }) {
  const view = useView();
  const [first = 0] = stretch;
  return (
    <button
      type="button"
      class="aw-special aw-mark"
      data-tokens={stretch.join(" ")}
      tabIndex={-1}
      title={`A token of the chat template (#${first}). Click to make it the query.`}
      onClick={() => pinIn(view, 0, [first, (stretch.at(-1) ?? first) + 1])}
      onPointerEnter={() => look(view, 0, first)}
      onPointerLeave={() => look(view, 0, null)}
    >
      {label}
    </button>
  );
}
