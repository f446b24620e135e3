import type { Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { PictureTold } from "../../../wire/types";
import { type Cutout, cutoutBetween } from "./cutout";

interface Props {
  readonly picture: PictureTold;
  readonly cutout: Signal<Cutout | null>;
}

/** Lies over a picture while a part of it is chosen by dragging: what is left out is dark. */
export function CutoutFrame({ picture, cutout }: Props) {
  const from = useRef<readonly [number, number] | null>(null);
  const at = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height] as const;
  };
  const chosen = cutout.value;
  const share = (length: number, whole: number) => `${(100 * length) / whole}%`;
  return (
    <div
      class="aw-cutout"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = at(event);
        cutout.value = null;
      }}
      onPointerMove={(event) => {
        event.stopPropagation();
        if (from.current !== null) cutout.value = cutoutBetween(from.current, at(event), picture);
      }}
      onPointerUp={() => {
        from.current = null;
      }}
    >
      {chosen !== null && (
        <div
          style={{
            left: share(chosen.x, picture.width),
            top: share(chosen.y, picture.height),
            width: share(chosen.width, picture.width),
            height: share(chosen.height, picture.height),
          }}
        />
      )}
    </div>
  );
}
