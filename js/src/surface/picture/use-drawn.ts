import { useRef } from "preact/hooks";
import { useFigure } from "../../display/figures";
import { useView } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import { type DrawnPicture, pictureFigure } from "./figure";

/** The pictures of a field whose colours are here, by their place; they can be saved with their heat. */
export function useDrawn(number: FieldNumber): Map<number, DrawnPicture> {
  const view = useView();
  const drawn = useRef(new Map<number, DrawnPicture>()).current;
  useFigure("picture", (look) => {
    const inOrder = [...drawn.values()].sort((one, other) => one.place - other.place);
    return pictureFigure(view, number, inOrder, look);
  });
  return drawn;
}
