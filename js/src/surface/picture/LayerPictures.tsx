import { useEffect, useMemo } from "preact/hooks";
import { useLastGood } from "../../display/last-good";
import { useView } from "../../display/view";
import { pinLayer, stripOf } from "../../focus/strips";
import { follow } from "../../session/answers/follow";
import type { PatchPlace, PictureTold } from "../../wire/types";
import { useBitmap } from "../media/use-bitmap";
import { PatchSurface } from "./patches";
import { SmallPicture } from "./SmallPicture";

interface Props {
  readonly place: number;
  readonly picture: PictureTold;
  readonly places: readonly (PatchPlace | null)[];
}

/** Pixels of the longer side of a small picture. */
const side = 84;

/** What the query reads of a picture in every layer, as small pictures; a press chooses the layer. */
export function LayerPictures({ place, picture, places }: Props) {
  const view = useView();
  const { session } = view;
  useEffect(() => {
    const life = new AbortController();
    follow(session, life.signal, () => [stripOf(view).wish.value]);
    return () => life.abort();
  }, [view]);
  // For a moment a token is looked at whose strip is not here yet: what was there before stays.
  const { value: strip } = useLastGood(session, stripOf(view).strip.value);
  const bitmap = useBitmap(session.pictures.of(picture.name));
  const width = Math.round(side * Math.min(1, picture.width / picture.height));
  const surface = useMemo(
    () => new PatchSurface(picture, place, places, width),
    [picture, place, places, width],
  );
  if (strip === null || strip.count !== places.length || strip.layers < 2) return null;
  const { layer } = session.clampedHead();
  return (
    <div class="aw-layer-pictures" role="group" aria-label="The query through all layers">
      {Array.from({ length: strip.layers }, (_, number) => (
        <button
          key={number}
          type="button"
          aria-pressed={number === layer}
          disabled={(session.heads.value[number] ?? 0) === 0}
          title={`Layer ${number}: the mean of its heads. Click to choose it.`}
          onClick={() => pinLayer(view, number)}
        >
          <SmallPicture surface={surface} strip={strip} layer={number} full={strip.peak} bitmap={bitmap} />
          <span>layer {number}</span>
        </button>
      ))}
    </div>
  );
}
