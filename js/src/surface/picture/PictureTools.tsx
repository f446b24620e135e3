import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Segmented } from "../../controls/Segmented";
import { Toggle } from "../../controls/Toggle";
import { useView } from "../../display/view";
import { isChangeable } from "../../what-if/changeable";

interface Props {
  /** Whether the pointer hides what it paints over. */
  readonly hiding: Signal<boolean>;
  readonly onHide?: () => void;
  /** What stands before it: special tokens. */
  readonly before?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** What is done over pictures: how their heat is told, and whether a stroke hides patches. */
export function PictureTools({ hiding, onHide, before, children }: Props) {
  const { session } = useView();
  return (
    <div class="aw-picture-tools">
      {before}
      <Segmented
        label="Heat over the picture"
        choices={ways}
        value={session.traits.look.value.over}
        onChoose={(next) => session.setOver(next)}
      />
      {isChangeable(session) && (
        <Toggle
          value="hide"
          text="hide by painting"
          title="Paint over patches: no other token reads them any more. Paint over them again to bring them back."
          pressed={hiding.value}
          onPress={(pressed) => {
            hiding.value = pressed;
            if (pressed) onHide?.();
          }}
        />
      )}
      {children}
    </div>
  );
}

/** How what is read of a picture is told. */
const ways = [
  { value: "colour", text: "colour", title: "What is read is coloured" },
  { value: "light", text: "light", title: "What is not read goes dark" },
] as const;
