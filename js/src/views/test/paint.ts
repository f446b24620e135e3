import { clipped } from "../../drawing/boxes";
import type { Brush, Pen } from "../../drawing/brush";
import { fitted } from "../../drawing/labels";
import type { Palette } from "../../lib/colour";
import type { TestPicture } from "./picture";
import { cellRect, headingEnd, headingLine, pitch, rowRect, type TestScene } from "./scene";

export function paintTest(
  { context }: Brush,
  scene: TestScene,
  picture: TestPicture,
  palette: Palette,
): void {
  const { width, top, bottom, seen } = scene;
  context.textBaseline = "middle";
  clipped(context, { x: 0, y: top, width, height: bottom - top }, () => {
    for (let row = seen[0]; row < seen[1]; row++) paintRow(context, scene, picture, palette, row);
  });
  paintHeadings(context, scene, picture, palette);
  paintRanks(context, scene, picture, palette);
}

function paintRow(context: Pen, scene: TestScene, picture: TestPicture, palette: Palette, row: number): void {
  const each = scene.rows[row];
  const box = rowRect(scene, row);
  if (each === undefined) return;
  const middle = box.y + pitch / 2;
  const looked = picture.looked?.row === row;
  context.textAlign = "left";
  if (each.place === null) {
    context.font = `${looked ? "600" : "400"} 11px ${palette.font}`;
    context.fillStyle = looked ? palette.text : palette.muted;
    context.fillText(fitted(each.text, scene.width - 4, measured(context, picture)), 2, middle);
    return;
  }
  const { place } = each;
  if (looked || picture.marked.has(place)) {
    context.fillStyle = palette.hairline;
    context.fillRect(0, box.y, scene.left, pitch);
  }
  picture.cells.forEach((cells, column) => {
    const cell = cells[place];
    if (cell == null) return;
    const { x, y, width, height } = cellRect(scene, row, column);
    context.globalAlpha = each.compared ? 1 : 0.55;
    context.fillStyle = cell.fill;
    context.fillRect(x + 0.5, y + 0.5, width - 1, height - 1);
    context.globalAlpha = 1;
    context.font = `400 11px ${palette.font}`;
    context.fillStyle = each.compared ? cell.ink : palette.text;
    context.textAlign = "right";
    context.fillText(cell.text, x + width - 5, middle);
  });
  paintName(context, scene, picture, palette, { place, middle, compared: each.compared, looked });
  if (picture.query.has(place)) {
    context.strokeStyle = picture.strong;
    context.lineWidth = 1.5;
    context.strokeRect(0.75, box.y + 0.75, scene.left - 2, pitch - 1.5);
  }
  if (looked) {
    context.strokeStyle = palette.text;
    context.lineWidth = 1;
    const { column } = picture.looked ?? {};
    const at = column == null ? box : cellRect(scene, row, column);
    context.strokeRect(at.x + 0.5, at.y + 0.5, at.width - 1, pitch - 1);
  }
}

function paintName(
  context: Pen,
  { left }: TestScene,
  picture: TestPicture,
  palette: Palette,
  row: { place: number; middle: number; compared: boolean; looked: boolean },
): void {
  const { name = "", number = "", kind = "" } = picture.names[row.place] ?? {};
  const told = kind === "" || kind === "after" ? number : `${number} ${kind}`;
  context.textAlign = "left";
  context.font = `400 11px ${palette.font}`;
  const beside = picture.measure(told, context.font) + 6;
  context.font = `${row.looked ? "600" : "400"} 12px ${palette.font}`;
  const label = fitted(name, Math.max(20, left - beside - 8), measured(context, picture));
  const width = picture.measure(label, context.font);
  context.fillStyle = row.compared ? palette.text : palette.muted;
  context.fillText(label, 4, row.middle);
  context.font = `400 11px ${palette.font}`;
  context.fillStyle = palette.muted;
  context.fillText(fitted(told, left - width - 12, measured(context, picture)), 4 + width + 5, row.middle);
}

function paintHeadings(context: Pen, scene: TestScene, picture: TestPicture, palette: Palette): void {
  const { left, top, columnWidth, headings, headingSize, offset } = scene;
  context.textAlign = "right";
  headings.forEach((lines, column) => {
    const right = left + (column + 1) * columnWidth - headingEnd;
    const looked = picture.looked?.column === column;
    const { column: measuredColumn, colour } = picture.measured;
    context.font = `${looked || column === measuredColumn ? "600" : "400"} ${headingSize}px ${palette.font}`;
    context.fillStyle = column === measuredColumn ? colour : looked ? palette.text : palette.muted;
    lines.forEach((line, index) => {
      context.fillText(line, right, top - 4 - (lines.length - index - 0.5) * headingLine);
    });
  });
  if (offset === 0) return;
  context.fillStyle = palette.hairline;
  context.fillRect(0, top - 1, left + headings.length * columnWidth, 1);
}

function paintRanks(context: Pen, scene: TestScene, picture: TestPicture, palette: Palette): void {
  const { left, bottom, height, columnWidth, headings, rows } = scene;
  const middle = (bottom + height) / 2;
  context.fillStyle = palette.hairline;
  context.fillRect(0, bottom, left + headings.length * columnWidth, 1);
  context.font = `600 11px ${palette.font}`;
  context.fillStyle = palette.text;
  context.textAlign = "left";
  const measure = measured(context, picture);
  const label = ["rank agreement with hiding", "rank agreement", "agreement"].find(
    (text) => measure(text) <= left - 8,
  );
  context.fillText(label ?? "ρ", 4, middle);
  context.textAlign = "right";
  picture.ranks.forEach((rank, column) => {
    const looked = picture.looked?.row === rows.length && picture.looked.column === column;
    const text = rank === "" ? (picture.waiting[column] ?? "") : rank;
    context.fillStyle = looked ? picture.strong : palette.text;
    context.fillText(text, left + (column + 1) * columnWidth - 5, middle);
  });
}

const measured =
  (context: Pen, { measure }: TestPicture) =>
  (text: string) =>
    measure(text, context.font);
