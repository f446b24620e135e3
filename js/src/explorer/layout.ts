import type { Layout } from "../display/view";
import { aroundGrid, fairGridWidth, gridBeside, gridWidth, leastGridWidth } from "../heads/scene";
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
  /** Whether a picture stands where a text would. */
  readonly pictured?: boolean;
}

/** How much larger than usual all is shown. */
export function zoomOf(size: Size): number {
  return size === "projector" ? 1.4 : 1;
}

/** From so many pixels on, grid and stage stand beside each other. */
const two = 640;
/** Before so many, three columns are narrow (style/fit.css). */
const wide = 1000;
/** From so many on the toolbar is one line; before that two, so that what comes and goes in it moves nothing. */
const oneLine = 1300;
/** From so many on there is room for a chart beside grid, stage and readout; before that it takes the readout's place. */
const four = 1440;
/** What a stage needs at least, also beside a chart. */
const smallestStage = 376;
/** The column of the grid, at least; and where the stage gets no more than it needs, before that gets more. */
const smallestGrid = { narrow: 212, wide: 264 } as const;
const fairGrid = 244;
/** What a stage keeps where many heads would be too small to be told apart. */
const fairStage = 400;

const smallestHeight = { normal: 600, compact: 480, projector: 500 } as const;

/** As high as a notebook leaves room for, with a cell's first lines in sight: about 650 of 800 pixels, 700 of 900. */
function heightOn(screen: number, size: Size): number {
  const fitting = size === "compact" ? 160 + 0.45 * screen : 210 + 0.55 * screen;
  return Math.round(clamp(fitting, smallestHeight[size], 860));
}

/** Of the explorer's height, what is not for the columns: header, toolbar, caution, and two lines of text. */
const around = { oneLine: 146, twoLines: 172 } as const;
const twoLinesOfText = 64;
/** What the columns need before a third line of text is in sight. */
const fairColumns = 400;

/** The height of a picture above the columns, in pixels: an eye must tell its patches apart, and the columns keep their room. */
function pictureIn(screen: number, size: Size): number {
  return Math.round(size === "compact" ? clamp(0.2 * screen, 150, 220) : clamp(0.28 * screen, 180, 340));
}

/** A long text scrolls by itself: what it takes, the pictures under it do not get. */
function linesIn(height: number, size: Size): number {
  const line = size === "compact" ? 26 : 32;
  return clamp(Math.floor((height - fairColumns) / line), 2, size === "compact" ? 4 : 6);
}

/** How the parts stand to each other, by the explorer's own width. */
export function layoutOf(given: Given): Layout {
  if (given.pictured !== true) return arranged(given, 0);
  return arranged(given, pictureIn(given.screen / zoomOf(given.size), given.size));
}

function arranged({ heads, chart, size, ...given }: Given, picture: number): Layout {
  const zoom = zoomOf(size);
  const [width, screen] = [given.width, given.screen / zoom];
  const fixed = given.height === null ? null : given.height / zoom;
  const below = { narrow: false, controls: "fitting", chart: "band", readout: "band", picture } as const;
  const lines = size === "compact" ? 3 : 4;
  if (width < two) return { columns: 1, height: fixed, tracks: "minmax(0, 1fr)", lines, ...below };
  const narrow = width < wide;
  const readout = Math.round(Math.min(340, Math.max(130 + 0.1 * width, 0.21 * width)));
  const padding = narrow ? 24 : 32;
  const least = Math.max(smallestGrid[narrow ? "narrow" : "wide"], leastGridWidth(heads) + padding);
  const spare = width - borders - readout - smallestStage;
  if (spare < least)
    return { columns: 2, height: fixed, tracks: "minmax(0, 2fr) minmax(0, 3fr)", lines: lines + 1, ...below };
  // A picture is higher than the lines of a text: the explorer grows by half of what it takes more.
  const height = fixed ?? heightOn(screen, size) + Math.round(0.5 * Math.max(0, picture - twoLinesOfText));
  const controls = width < oneLine && size !== "projector" ? "twoLines" : "oneLine";
  const aroundColumns = around[controls] + twoLinesOfText;
  const room = { ...gridBeside, height: height - aroundColumns - aroundGrid[narrow ? "narrow" : "wide"] };
  // A matrix is about as wide as it is high; what is more is better for the pictures of the heads.
  const more = width - readout - (height - aroundColumns + padding);
  const fair = Math.min(fairGridWidth(heads) + padding, spare + smallestStage - fairStage);
  const most = Math.max(least, Math.min(0.36 * width, Math.max(more, fair)), Math.min(fairGrid, spare));
  const grid = Math.round(clamp(gridWidth(heads, room) + padding, least, most));
  const columns = {
    columns: 3,
    narrow,
    controls,
    height,
    lines: linesIn(height - around[controls], size),
    picture,
  } as const;
  if (chart && width >= four) {
    const tracks = `${Math.min(grid, 400)}px ${beside} ${readout}px`;
    return { ...columns, tracks, chart: "column", readout: "column" };
  }
  if (chart && !narrow)
    return { ...columns, tracks: `${Math.min(grid, 300)}px ${beside}`, chart: "column", readout: "band" };
  return { ...columns, tracks: `${grid}px minmax(0, 1fr) ${readout}px`, chart: "band", readout: "column" };
}

/** Left and right of the frame (style/frame.css). */
export const borders = 2;

const beside = `minmax(${smallestStage}px, 1fr) minmax(0, 1fr)`;

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
