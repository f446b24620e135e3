import { useSignal } from "@preact/signals";
import { useView } from "../../../display/view";
import type { DrawnPicture } from "../figure";
import { type Cutout, cut } from "./cutout";

interface Props {
  readonly cutout: Cutout | null;
  readonly drawn: ReadonlyMap<number, DrawnPicture>;
  readonly done: () => void;
}

/** Has the model read the chosen part of the picture, as it saw it, alone. */
export function ReadCutout({ cutout, drawn, done }: Props) {
  const { session } = useView();
  const said = useSignal<string | null>(null);
  if (cutout === null) return <p class="aw-picture-note">drag a frame over the picture</p>;
  const read = async () => {
    const shown = drawn.get(0);
    if (shown === undefined) return;
    try {
      said.value = await session.show(await cut(shown.bitmap, cutout, shown.picture));
    } catch (error) {
      said.value = error instanceof Error ? error.message : String(error);
    }
    if (said.value === null) done();
  };
  return (
    <p class="aw-picture-note">
      <button type="button" class="aw-add" disabled={session.closed.value} onClick={() => void read()}>
        read this part
      </button>{" "}
      {cutout.width} × {cutout.height} pixels
      {said.value !== null && <span role="alert"> · {said.value}</span>}
    </p>
  );
}
