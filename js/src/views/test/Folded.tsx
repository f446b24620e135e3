import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

interface Props {
  readonly name: string;
  readonly open: Signal<boolean>;
  readonly title: string;
  readonly heading: ComponentChildren;
  /** What can be chosen in it, beside its heading. */
  readonly controls: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of the view that asks more of the model: folded until somebody wants it. */
export function Folded({ name, open, title, heading, controls, children }: Props) {
  return (
    <section class={`aw-test-part ${name}`} data-open={open.value || undefined}>
      <h3>
        <button
          type="button"
          aria-expanded={open.value}
          title={title}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          <span aria-hidden="true">{open.value ? "▾" : "▸"}</span> {heading}
        </button>
        {open.value && <span class="aw-test-part-controls">{controls}</span>}
      </h3>
      {open.value && children}
    </section>
  );
}
