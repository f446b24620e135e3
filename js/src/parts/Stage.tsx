import { useId, useMemo, useRef } from "preact/hooks";
import { type MatrixScene, matrixScene } from "../layout/matrix";
import { accent, tone } from "../lib/colour";
import { pieceLabel, shorten, weight } from "../lib/format";
import { type MatrixPicture, paintMatrix } from "../paint/matrix";
import { weightPixels } from "../paint/pixels";
import { type Cell, checksum, type MapOnShow, weightAt } from "../state";
import { bitmap, Canvas } from "./Canvas";
import { pointMatrix, pressMatrix, steerMatrix } from "./matrix-input";
import { Tooltip } from "./Tooltip";
import { clearHover, useView, useWidth, type View } from "./view";

/** The map on show as a matrix: queries downwards, keys to the right. */
export function Stage() {
  const view = useView();
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const id = useId();
  const map = view.derived.map.value;
  const scene = useScene(view, map, width);
  const picture = usePicture(view, map);
  const ready = map !== null && scene !== null && picture !== null;
  return (
    <figure class="aw-stage">
      <div
        ref={host}
        class="aw-matrix"
        role="grid"
        tabIndex={0}
        aria-label="Attention matrix: queries downwards, keys to the right"
        aria-activedescendant={id}
        data-rows={map?.rows}
        data-columns={map?.columns}
        data-exact={map?.exact}
        data-checksum={useMemo(() => (map === null ? undefined : checksum(map.values)), [map])}
        onPointerMove={(event) => scene !== null && pointMatrix(view, scene, event)}
        onPointerLeave={() => clearHover(view)}
        onClick={(event) => scene !== null && pressMatrix(view, scene, event)}
        onKeyDown={(event) => steerMatrix(view, event)}
        onBlur={() => clearHover(view)}
      >
        <div role="row" class="aw-unseen">
          <div role="gridcell" id={id} aria-selected="true" aria-live="polite">
            {map === null ? "" : spoken(view, map)}
          </div>
        </div>
        {ready && width > 0 && (
          <Canvas
            width={width}
            height={scene.height}
            paint={(brush) => paintMatrix(brush, scene, picture, view.palette.value)}
          />
        )}
        {ready && <Tooltip map={map} scene={scene} />}
      </div>
      {ready && <Caption map={map} />}
    </figure>
  );
}

const longestLabel = 12;

function useScene(view: View, map: MapOnShow | null, width: number): MatrixScene | null {
  const { derived, local } = view;
  const tokens = derived.tokens.value;
  const font = view.palette.value.font;
  const labels = useMemo(
    () => tokens?.pieces.map((piece) => shorten(pieceLabel(piece), longestLabel)) ?? [],
    [tokens],
  );
  const measure = useMemo(() => measurer(font), [font]);
  if (map === null) return null;
  const ranked = map.direction === "reads" ? derived.reads.value : derived.readBy.value;
  return matrixScene({
    labels: labels.slice(0, map.count),
    width,
    direction: map.direction,
    query: map.query,
    focus: derived.focus.value,
    cell: cellIn(map, local.cell.value),
    strong: ranked
      .filter(({ weight }) => weight >= 0.1)
      .slice(0, 3)
      .map(({ token }) => token),
    measure,
  });
}

/** The cell that was pointed at may be gone: the text has changed since. */
function cellIn(map: MapOnShow, cell: Cell | null): Cell | null {
  return cell !== null && cell.query < map.count && cell.key < map.count ? cell : null;
}

function measurer(font: string): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return (text) => text.length * 6;
  context.font = `600 11px ${font}`;
  const known = new Map<string, number>();
  return (text) => {
    const width = known.get(text) ?? context.measureText(text).width;
    known.set(text, width);
    return width;
  };
}

function usePicture(view: View, map: MapOnShow | null): MatrixPicture | null {
  const colours = view.palette.value;
  return useMemo(() => {
    if (map === null) return null;
    const { ramp, strong } = accent(colours, map.direction);
    const { rows, columns, pooling, peak, causal } = map;
    const printable = map.exact && pooling === 1;
    const printed = (query: number, key: number) =>
      causal && key > query ? null : weightAt(map, query, key);
    const image = bitmap(columns, rows, weightPixels(map, ramp));
    return { image, rows, columns, pooling, peak, ramp, strong, printed: printable ? printed : null };
  }, [map, colours]);
}

function spoken({ derived, local }: View, map: MapOnShow): string {
  const tokens = derived.tokens.value;
  const name = (token: number) => pieceLabel(tokens?.pieces[token] ?? "");
  const cell = cellIn(map, local.cell.value);
  if (cell === null) return `Query ${name(map.query[0])}`;
  return `${name(cell.query)} reads ${name(cell.key)} ${weight(weightAt(map, cell.query, cell.key))}`;
}

function Caption({ map }: { readonly map: MapOnShow }) {
  const { palette } = useView();
  const { ramp } = accent(palette.value, map.direction);
  const stops = Array.from({ length: 17 }, (_, index) => {
    const from = Math.round(tone(index, 16) * 255) * 3;
    return `rgb(${ramp[from]} ${ramp[from + 1]} ${ramp[from + 2]})`;
  });
  return (
    <figcaption class="aw-caption">
      <span class="aw-recipe">{map.recipe}</span>
      <span class="aw-scale">
        <span class="aw-number">0</span>
        <span
          class="aw-scale-bar"
          style={{ backgroundImage: `linear-gradient(to right, ${stops.join(", ")})` }}
        />
        <span class="aw-number">{weight(map.peak)}</span>
      </span>
    </figcaption>
  );
}
