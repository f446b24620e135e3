import type { ComponentChildren } from "preact";
import { useView } from "../display/view";
import { type TermName, terms } from "../lib/terms";

interface Props {
  readonly name: TermName;
  readonly children: ComponentChildren;
}

/** A word of the explorer's own, and its sentence under it while it is pointed at, focused or tapped. */
export function Term({ name, children }: Props) {
  const { local } = useView();
  const open = ({ currentTarget }: { readonly currentTarget: HTMLElement }) => {
    const frame = currentTarget.closest(".aw-frame")?.getBoundingClientRect();
    if (frame === undefined) return;
    const place = currentTarget.getBoundingClientRect();
    const x = Math.max(0, Math.min(place.left - frame.left, frame.width - widest));
    local.term.value = { name, x, y: place.bottom - frame.top };
  };
  const close = () => {
    local.term.value = null;
  };
  return (
    <button
      type="button"
      class="aw-term"
      aria-describedby={tipOf(local.asker)}
      onPointerEnter={open}
      onFocus={open}
      onClick={open}
      onPointerLeave={close}
      onBlur={close}
    >
      {children}
    </button>
  );
}

/** A text in which some words are the explorer's own. */
export function termed(text: string, words: Readonly<Record<string, TermName>>) {
  return text.split(/([\p{L}]+)/u).map((part, place) => {
    const name = words[part];
    return name === undefined ? (
      part
    ) : (
      <Term key={place} name={name}>
        {part}
      </Term>
    );
  });
}

/** The sentence of the word that is open. */
export function TermTip() {
  const { local } = useView();
  const open = local.term.value;
  return (
    <div
      id={tipOf(local.asker)}
      class="aw-term-tip"
      role="tooltip"
      hidden={open === null}
      style={open === null ? undefined : { left: `${open.x}px`, top: `${open.y}px` }}
    >
      {open !== null && terms[open.name]}
    </div>
  );
}

/** Pixels that a sentence takes at most, as the style sheet has it. */
const widest = 300;

const tipOf = (asker: string) => `aw-term-${asker}`;
