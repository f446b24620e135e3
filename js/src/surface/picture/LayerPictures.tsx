import { useEffect, useRef } from "preact/hooks";
import { useLastGood } from "../../display/last-good";
import { useView, type View } from "../../display/view";
import { type StripOnShow, stripOf } from "../../focus/strips";
import { follow } from "../../session/answers/follow";
import { guarded, watch } from "../../session/watch";
import type { PatchPlace, PictureTold } from "../../wire/types";
import { layerTones, paintSmall } from "./paint";
import { PatchSurface } from "./patches";

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
  if (strip === null || strip.count !== places.length || strip.layers < 2) return null;
  const width = Math.round(side * Math.min(1, picture.width / picture.height));
  const surface = new PatchSurface(picture, place, places, width);
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
          onClick={() =>
            session.pinHead(
              number,
              session.clampedHead().head,
              session.source.peek() === "layer" ? "layer" : "head",
            )
          }
        >
          <Small view={view} surface={surface} strip={strip} layer={number} name={picture.name} />
          <span>layer {number}</span>
        </button>
      ))}
    </div>
  );
}

interface SmallProps {
  readonly view: View;
  readonly surface: PatchSurface;
  readonly strip: StripOnShow;
  readonly layer: number;
  readonly name: string;
}

function Small({ view, surface, strip, layer, name }: SmallProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  const file = view.session.pictures.of(name);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext("2d");
    if (canvas == null || context == null || file === null) return;
    const life = new AbortController();
    let bitmap: ImageBitmap | null = null;
    const paint = () => {
      if (bitmap === null) return;
      const ratio = view.environment.ratio.peek();
      [canvas.width, canvas.height] = [Math.round(surface.width * ratio), Math.round(surface.height * ratio)];
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.imageSmoothingEnabled = bitmap.width > surface.width;
      context.drawImage(bitmap, 0, 0, surface.width, surface.height);
      const { reads, readBy } = view.palette.peek();
      const tones = layerTones(strip, layer);
      const marks = surface.tokens.flatMap((token) => {
        const [rect] = surface.rects(token);
        return rect === undefined ? [] : [{ rect, tone: tones[token] ?? 0 }];
      });
      paintSmall(context, marks, (strip.direction === "reads" ? reads : readBy).strong);
    };
    void createImageBitmap(file).then((made) => {
      if (life.signal.aborted) return made.close();
      bitmap = made;
      watch(view.session, life.signal, () => {
        view.palette.value;
        view.environment.ratio.value;
        guarded(view.session, paint)();
      });
    });
    return () => {
      life.abort();
      bitmap?.close();
    };
  });
  return (
    <canvas
      ref={ref}
      style={{ width: `${surface.width}px`, height: `${surface.height}px` }}
      aria-hidden="true"
    />
  );
}
