import { useComputed } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Boundary } from "../display/Boundary";
import { useView } from "../display/view";
import { hasSecond, standsIn, writtenIn } from "../focus/fields";
import type { FieldNumber } from "../session/axes";
import { watch } from "../session/watch";
import { WhatIf } from "../what-if/WhatIf";
import { Control } from "./Control";
import { GraphField } from "./graph/GraphField";
import { HeatCanvas } from "./Heat";
import { keepInSight } from "./keep-in-sight";
import { Chip, Mirror, Plain } from "./Mirror";
import { Minimap } from "./minimap/Minimap";
import { PicturesOfText } from "./picture/beside/PicturesOfText";
import { PictureField } from "./picture/PictureField";
import { FieldLabel } from "./SecondText";
import { Status } from "./Status";
import { SoundField } from "./sound/SoundField";
import { TextSurface } from "./text-surface";
import { marksTold, type ToldMark } from "./told";
import { KeepFocus } from "./turns/KeepFocus";
import { Turns } from "./turns/Turns";

/** The text is the heatmap: native controls that are never rendered again, the colours behind them. */
export function Editor() {
  const { session } = useView();
  const two = hasSecond(session);
  return (
    <section class="aw-editor" aria-label="Text" data-fields={two ? 2 : 1}>
      <Field number={0} />
      {two && <Field number={1} />}
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
  const header = useView().session.shown.value?.frame.header;
  const refused = Object.entries(header?.refused ?? {}).map(([part, why]) => `${part} is not shown: ${why}`);
  const notes = [...(header?.notes ?? []), ...refused];
  return (
    <div class="aw-notes" role="status" aria-live="polite">
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </div>
  );
}

/** A text, or what stands in its place. */
function Field({ number }: { readonly number: FieldNumber }) {
  // Nothing that may fail: the text must never be taken away.
  const Standing = fields[standsIn(useView().session, number)];
  return <Standing number={number} />;
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
            <Written number={number} surface={surface} />
          </div>
        </div>
        <Boundary of="The map of the text" instead={null}>
          <Minimap number={number} surface={surface} />
        </Boundary>
      </div>
      <Boundary of="The pictures of the text" instead={null}>
        <PicturesOfText number={number} />
      </Boundary>
    </div>
  );
}

interface Props {
  readonly number: FieldNumber;
  readonly surface: RefObject<TextSurface | null>;
}

/** A text in one control, or turn by turn. */
function Written({ number, surface }: Props) {
  const { session, local } = useView();
  const roles = useComputed(() => {
    const turns = number === 0 ? session.turns.of(writtenIn(local, session)) : null;
    return turns?.map(({ role }) => role).join(" ") ?? null;
  }).value;
  return (
    <KeepFocus number={number} shape={roles}>
      {roles !== null ? (
        <Turns roles={roles.split(" ")} surface={surface} />
      ) : (
        <>
          <Boundary of="The special tokens" instead={null}>
            <Leading number={number} />
          </Boundary>
          <div class="aw-stack">
            {/* Whatever becomes of the mirror, the control keeps the text. */}
            <Boundary of="The places of the text" instead={<Plain number={number} />}>
              <Mirror number={number} />
            </Boundary>
            <Control slot={{ number }} surface={surface} />
          </div>
        </>
      )}
    </KeepFocus>
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

const fields = { text: TextField, picture: PictureField, sound: SoundField, graph: GraphField } as const;
