import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Boundary } from "../display/Boundary";
import { useView } from "../display/view";
import { hasSecond } from "../focus/fields";
import type { FieldNumber } from "../session/axes";
import { watch } from "../session/watch";
import { WhatIf } from "../what-if/WhatIf";
import { HeatCanvas } from "./Heat";
import { keepInSight } from "./keep-in-sight";
import { Chip, Mirror, Plain } from "./Mirror";
import { Minimap } from "./minimap/Minimap";
import { FieldLabel, namesOf } from "./SecondText";
import { Status } from "./Status";
import { liven } from "./text-control";
import { TextSurface } from "./text-surface";
import { marksTold, type ToldMark } from "./told";

/** The text is the heatmap: native controls that are never rendered again, the colours behind them. */
export function Editor() {
  const { session } = useView();
  const two = hasSecond(session);
  return (
    <section class="aw-editor" aria-label="Text" data-fields={two ? 2 : 1}>
      <TextField number={0} />
      {two && <TextField number={1} />}
      <Boundary of="The status line">
        <Status />
        <Notes />
      </Boundary>
      <Boundary of="What if">
        <WhatIf />
      </Boundary>
    </section>
  );
}

/** What is worth knowing of the text on show, a line each. */
function Notes() {
  const notes = useView().session.shown.value?.frame.header.notes ?? [];
  return (
    <div class="aw-notes" role="status" aria-live="polite">
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </div>
  );
}

/** One text: the special tokens before it, the control and its colours. The first one stays when the second comes or goes. */
function TextField({ number }: { readonly number: FieldNumber }) {
  const view = useView();
  const field = useRef<HTMLDivElement & { marks?: () => ToldMark[] }>(null);
  const host = useRef<HTMLDivElement>(null);
  const surface = useRef<TextSurface>(null);
  useLayoutEffect(() => {
    if (field.current === null || host.current === null) return;
    const life = new AbortController();
    const made = new TextSurface(host.current);
    surface.current = made;
    field.current.marks = () => marksTold(view, number, made);
    watch(view.session, life.signal, () => made.lay(view.derived.fields[number].value));
    const scroller = host.current.parentElement;
    if (scroller !== null) keepInSight(view, number, made, scroller, life.signal);
    return () => life.abort();
  }, [view]);
  return (
    <div ref={field} class="aw-field" data-field={number}>
      {hasSecond(view.session) && <FieldLabel number={number} />}
      <div class="aw-window">
        <div class="aw-scroll">
          <div ref={host} class="aw-surface">
            <Boundary of="The colours of the text" instead={null}>
              <HeatCanvas number={number} surface={surface} />
            </Boundary>
            <Boundary of="The special tokens" instead={null}>
              <Leading number={number} />
            </Boundary>
            <div class="aw-stack">
              {/* Whatever becomes of the mirror, the control keeps the text. */}
              <Boundary of="The places of the text" instead={<Plain number={number} />}>
                <Mirror number={number} />
              </Boundary>
              <Control number={number} surface={surface} />
            </div>
          </div>
        </div>
        <Boundary of="The map of the text" instead={null}>
          <Minimap number={number} surface={surface} />
        </Boundary>
      </div>
    </div>
  );
}

function Leading({ number }: { readonly number: FieldNumber }) {
  const { leading } = useView().derived.fields[number].value.chips;
  if (leading.length === 0) return null;
  return (
    <span class="aw-leading">
      {leading.map((token) => (
        <Chip key={token} token={token} number={number} />
      ))}
    </span>
  );
}

function Control({
  number,
  surface,
}: {
  readonly number: FieldNumber;
  readonly surface: RefObject<TextSurface | null>;
}) {
  const view = useView();
  const { session } = view;
  const ref = useRef<HTMLTextAreaElement>(null);
  const fixed = session.about.value?.editable === false;
  useEffect(() => {
    if (ref.current === null) return;
    const end = new AbortController();
    const tokenAt = (x: number, y: number) => {
      const { current } = surface;
      return current === null ? null : current.hit(...current.toSurface(x, y));
    };
    liven(view, ref.current, number, tokenAt, end.signal);
    // Opened by hand, and not by a text that came: whoever opened it wants to write.
    if (number === 1 && session.traits.pair.peek() === "" && session.second.peek()) ref.current.focus();
    return () => end.abort();
  }, [view]);
  const names = namesOf(session);
  return (
    <textarea
      ref={ref}
      rows={1}
      cols={1}
      dir="auto"
      spellcheck={false}
      autocomplete="off"
      placeholder={number === 1 ? names.hint : undefined}
      aria-label={hasSecond(session) ? names.aria[number] : fixed ? "Text" : "Text to explore"}
      aria-readonly={fixed}
    />
  );
}
