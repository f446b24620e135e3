import { useMemo } from "preact/hooks";
import { useView } from "../../display/view";
import type { Tokens } from "../../wire/types";
import { useBitmap } from "../media/use-bitmap";
import type { Crops } from "./crops";

/** What tokens look like; null where they stand in no picture, or in several. */
export function useCrops(tokens: Tokens | null): Crops | null {
  const { session } = useView();
  const [told, another] = session.shown.value?.frame.header.pictures ?? [];
  const places = tokens?.places ?? tokens?.placeholders;
  const picture = another === undefined && places !== undefined ? told : undefined;
  const bitmap = useBitmap(picture === undefined ? null : session.pictures.of(picture.name));
  return useMemo(() => {
    if (picture === undefined || places === undefined || bitmap === null) return null;
    // It may be shown smaller than the model saw it.
    const scale = bitmap.width / picture.width;
    const [high, wide] = picture.patch.map((side) => side * scale) as [number, number];
    return (token) => {
      const place = places[token];
      if (place == null) return null;
      const [, , row, column, rows, columns] = place;
      return { image: bitmap, x: column * wide, y: row * high, width: columns * wide, height: rows * high };
    };
  }, [picture, places, bitmap]);
}
