import { chooseView, useView, type View } from "../display/view";
import { withEdit, without } from "../edits/chips";
import type { Offer } from "./offers";

interface Props {
  readonly offer: Offer;
  /** Whether it stands in a menu, which steers to it. */
  readonly item?: boolean;
  /** Just before it is done: what offered it goes. */
  readonly onTake: () => void;
}

/** Something that can be changed, and what it is as text. */
export function OfferButton({ offer, item = false, onTake }: Props) {
  const view = useView();
  return (
    <button
      type="button"
      {...(item && { role: "menuitem", tabIndex: -1 })}
      onClick={() => {
        onTake();
        take(view, offer);
      }}
    >
      <b>
        <bdi>{offer.title}</bdi>
      </b>
      <span>{offer.text}</span>
    </button>
  );
}

function take(view: View, { act }: Offer): void {
  const { session } = view;
  const edits = session.traits.edits.peek();
  if (act.kind === "add") session.setEdits(withEdit(edits, act.edit));
  else if (act.kind === "remove") session.setEdits(without(edits, act.place));
  else {
    session.setQuestion({ ...session.traits.question.peek(), at: act.at });
    chooseView(view, "test");
  }
}
