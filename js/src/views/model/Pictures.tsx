import { useMemo, useRef } from "preact/hooks";
import { useFigure } from "../../display/figures";
import { useRoom, useView } from "../../display/view";
import { fullTone } from "../../lib/colour";
import { useBitmap } from "../../surface/media/use-bitmap";
import { PatchSurface } from "../../surface/picture/patches";
import { SmallPicture } from "../../surface/picture/SmallPicture";
import type { PatchPlace, PictureTold } from "../../wire/types";
import { headPicturesFigure } from "./figure";
import { type HeadRows, headWidth } from "./head-pictures";

interface Props {
  readonly picture: PictureTold;
  readonly places: readonly (PatchPlace | null)[];
  readonly rows: HeadRows;
}

/** The picture once for every head, with what the query reads there: layers downwards, heads to the right. */
export function HeadPictures({ picture, places, rows }: Props) {
  const view = useView();
  const { session, local, derived } = view;
  const host = useRef<HTMLDivElement>(null);
  const room = useRoom(host, ".aw-grid-room");
  const bitmap = useBitmap(session.pictures.of(picture.name));
  const counts = session.heads.value;
  const columns = Math.max(1, ...counts);
  const width = headWidth(room, counts.length, columns, picture.height / picture.width);
  const surface = useMemo(() => new PatchSurface(picture, 0, places, width), [picture, places, width]);
  const full = fullTone(derived.scale.value, rows.peak);
  const pinned = session.clampedHead();
  useFigure("stage", (look) =>
    bitmap === null ? null : headPicturesFigure(view, { picture, places, rows, bitmap, full }, look),
  );
  return (
    <div
      ref={host}
      class="aw-head-pictures"
      role="group"
      aria-label="What the query reads in every head"
      style={{ gridTemplateColumns: `20px repeat(${columns}, ${width}px)` }}
      onPointerLeave={() => {
        local.hoverHead.value = null;
      }}
    >
      <span />
      {Array.from({ length: columns }, (_, head) => (
        <span key={`head ${head}`} class="aw-unit">
          {head}
        </span>
      ))}
      {room.width > 0 &&
        rows.heads.map(({ layer, head }, row) => {
          const isPinned = layer === pinned.layer && head === pinned.head;
          return [
            head === 0 && (
              <span key={`layer ${layer}`} class="aw-unit" style={{ gridColumn: 1 }}>
                {layer}
              </span>
            ),
            <button
              key={`${layer} ${head}`}
              type="button"
              aria-pressed={isPinned}
              aria-label={`L${layer}H${head}`}
              title={`L${layer}H${head}. Click to choose it.`}
              style={{ gridColumn: head + 2 }}
              onClick={() => session.pinHead(layer, head)}
              onPointerEnter={() => {
                local.hoverHead.value = { layer, head };
              }}
            >
              <SmallPicture surface={surface} strip={rows} layer={row} full={full} bitmap={bitmap} />
            </button>,
          ];
        })}
    </div>
  );
}
