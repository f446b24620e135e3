import type { Layout } from "../display/view";
import { aroundGrid, gridBeside, gridWidth } from "../heads/scene";
import type { Size } from "../wire/look";

interface Given {
  /** Of the explorer, in pixels; 0 before it is on the page. */
  readonly width: number;
  /** The height of the window. */
  readonly screen: number;
  readonly heads: readonly number[];
  /** Whether a chart is shown. */
  readonly chart: boolean;
  readonly size: Size;
  /** Of the explorer, where it is given; null: as fits. */
  readonly height: number | null;
}

/** How much larger than usual all is shown. */
export function zoomOf(size: Size): number {
  return size === "projector" ? 1.4 : 1;
}

/** From so many pixels on, columns stand beside each other. */
const two = 640;
const three = 1000;
/** From so many on there is room for a chart beside grid, stage and readout; before that it takes the readout's place. */
const four = 1440;
/** What a stage needs at least, beside a chart. */
const smallestStage = 380;

const smallestHeight = { normal: 600, compact: 480, projector: 500 } as const;

/** As high as a notebook leaves room for, with a cell's first lines in sight: about 650 of 800 pixels, 700 of 900. */
function heightOn(screen: number, size: Size): number {
  const fitting = size === "compact" ? 160 + 0.45 * screen : 210 + 0.55 * screen;
  return Math.round(clamp(fitting, smallestHeight[size], 860));
}

/** Of the explorer's height, what is not for the columns: header, two lines of text, toolbar, caution. */
const aroundColumns = 210;
/** Left and right of what is in a column. */
const padding = 32;

/** How the parts stand to each other, by the explorer's own width. */
export function layoutOf({ heads, chart, size, ...given }: Given): Layout {
  const zoom = zoomOf(size);
  const [width, screen] = [given.width, given.screen / zoom];
  const fixed = given.height === null ? null : given.height / zoom;
  const below = { chart: "band", readout: "band" } as const;
  const lines = size === "compact" ? 3 : 4;
  if (width < two) return { columns: 1, height: fixed, tracks: "minmax(0, 1fr)", lines, ...below };
  if (width < three)
    return { columns: 2, height: fixed, tracks: "minmax(0, 2fr) minmax(0, 3fr)", lines: lines + 1, ...below };
  const height = fixed ?? heightOn(screen, size);
  const room = { ...gridBeside, height: height - aroundColumns - aroundGrid };
  const readout = Math.round(clamp(0.21 * width, 236, 340));
  // A matrix is about as wide as it is high; what is more is better for the pictures of the heads.
  const most = Math.min(0.36 * width, width - readout - (height - aroundColumns + padding));
  const grid = Math.round(clamp(gridWidth(heads, room) + padding, 264, Math.max(264, most)));
  return {
    columns: 3,
    height,
    lines: height < 680 ? lines : lines + 1,
    ...(!chart
      ? { tracks: `${grid}px minmax(0, 1fr) ${readout}px`, chart: "band", readout: "column" }
      : width < four
        ? { tracks: `${Math.min(grid, 300)}px ${beside}`, chart: "column", readout: "band" }
        : { tracks: `${Math.min(grid, 400)}px ${beside} ${readout}px`, chart: "column", readout: "column" }),
  };
}

const beside = `minmax(${smallestStage}px, 1fr) minmax(0, 1fr)`;

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
