import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import type { Span } from "../../wire/types";
import { goTo } from "../text-control";

interface Props {
  readonly number: FieldNumber;
  /** What the controls are for: with another shape others stand there. */
  readonly shape: string | null;
  readonly children: ComponentChildren;
}

/** Where the controls of a text give way to others, whoever writes goes on writing in the one that has the caret now. */
export function KeepFocus({ number, shape, children }: Props) {
  const view = useView();
  const anchor = useRef<HTMLSpanElement>(null);
  const caret = useRef<Span | null>(null);
  const last = useRef(shape);
  // While the page still has the controls of before.
  if (last.current !== shape) {
    const field = anchor.current?.closest(".aw-field");
    const root = anchor.current?.getRootNode() as Document | ShadowRoot | undefined;
    const active = root?.activeElement;
    const writes = active instanceof HTMLTextAreaElement && field?.contains(active) === true;
    caret.current = writes ? view.session.caretIn(number) : null;
  }
  useLayoutEffect(() => {
    const before = last.current;
    last.current = shape;
    const root = anchor.current?.closest(".attnwidget");
    if (before === shape || caret.current === null || root == null) return;
    const { text, pair } = view.session.traits;
    goTo(view, root, number, (number === 0 ? text : pair).peek(), caret.current, true);
  }, [shape]);
  return (
    <>
      <span ref={anchor} hidden />
      {children}
    </>
  );
}
