import { useRef } from "preact/hooks";
import { Boundary } from "../../display/Boundary";
import { useView } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { OtherFile } from "../media/OtherFile";
import { noteOf } from "./note";
import { Sheet } from "./Sheet";
import "./style.css";

/** A sound in place of a text: its spectrogram, what reads it, and all of it on one time. */
export function SoundField({ number }: { readonly number: FieldNumber }) {
  const { session } = useView();
  const field = useRef<HTMLDivElement>(null);
  const header = session.shown.value?.frame.header;
  const sound = header?.sounds?.[0];
  const editable = number === 0 && session.about.value?.editable === true;
  const other = editable ? <OtherFile field={field} of="sound" /> : null;
  return (
    <div ref={field} class="aw-field aw-sound-field" data-field={number} tabIndex={-1}>
      {sound === undefined ? (
        <>
          <div class="aw-sound" data-empty="" />
          {other}
        </>
      ) : (
        <>
          <Boundary of="The sound">
            <Sheet number={number} sound={sound}>
              {other}
            </Sheet>
          </Boundary>
          <p class="aw-sound-note">{noteOf(sound, header?.padding_share)}</p>
        </>
      )}
    </div>
  );
}
