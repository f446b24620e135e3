import { useEffect, useRef } from "preact/hooks";
import { useView } from "../../display/view";
import { type Crops, cropSide, paintCrop } from "./crops";

interface Props {
  readonly crops: Crops | null;
  readonly token: number;
}

/** What a token looks like, beside its name; nothing for one that stands in no picture. */
export function PatchCrop({ crops, token }: Props) {
  const { environment } = useView();
  const ref = useRef<HTMLCanvasElement>(null);
  const ratio = environment.ratio.value;
  const crop = crops?.(token) ?? null;
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext("2d");
    if (canvas == null || context == null || crop === null) return;
    canvas.width = canvas.height = Math.round(cropSide * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintCrop(context, crop, 0, cropSide / 2);
  }, [crops, token, ratio]);
  if (crop === null) return null;
  return <canvas ref={ref} class="aw-crop" aria-hidden="true" />;
}
