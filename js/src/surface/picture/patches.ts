import type { Rect } from "../../drawing/scene";
import type { PatchPlace, PictureTold } from "../../wire/types";
import type { Surface } from "../surface";

/** The tokens that stand in one picture, laid over it at a width in pixels of the page. */
export class PatchSurface implements Surface {
  readonly width: number;
  readonly height: number;
  /** The tokens that stand here, in the model's order. */
  readonly tokens: readonly number[];
  readonly #picture: PictureTold;
  readonly #number: number;
  readonly #places: readonly (PatchPlace | null)[];
  /** By patch, row by row: the token that stands there, -1 for none. */
  readonly #at: Int32Array;

  constructor(picture: PictureTold, number: number, places: readonly (PatchPlace | null)[], width: number) {
    this.#picture = picture;
    this.#number = number;
    this.#places = places;
    this.width = width;
    this.height = (width * picture.height) / picture.width;
    this.#at = new Int32Array(picture.rows * picture.columns).fill(-1);
    const tokens: number[] = [];
    for (const [token, place] of places.entries()) {
      if (place === null || place[0] !== number) continue;
      tokens.push(token);
      const [, , row, column, rows, columns] = place;
      for (let down = row; down < row + rows; down++)
        for (let across = column; across < column + columns; across++)
          this.#at[down * picture.columns + across] = token;
    }
    this.tokens = tokens;
  }

  /** Pixels of the page for one of the picture. */
  get scale(): number {
    return this.width / this.#picture.width;
  }

  rects(token: number): readonly Rect[] {
    const place = this.#places[token];
    return place == null || place[0] !== this.#number ? [] : [this.rectOf(place)];
  }

  rectOf([, , row, column, rows, columns]: PatchPlace): Rect {
    const [high, wide] = this.#picture.patch;
    const { scale } = this;
    return {
      x: column * wide * scale,
      y: row * high * scale,
      width: columns * wide * scale,
      height: rows * high * scale,
    };
  }

  hit(x: number, y: number): number | null {
    const [high, wide] = this.#picture.patch;
    return this.at(Math.floor(y / this.scale / high), Math.floor(x / this.scale / wide));
  }

  /** The token of a patch; null outside the picture. */
  at(row: number, column: number): number | null {
    const { rows, columns } = this.#picture;
    if (row < 0 || column < 0 || row >= rows || column >= columns) return null;
    const token = this.#at[row * columns + column] ?? -1;
    return token === -1 ? null : token;
  }

  /** The token so many patches away from another; of a video, beyond the left or right edge in the frame before or after. Null where there is none. */
  beside(token: number, down: number, across: number): number | null {
    const place = this.#places[token];
    if (place == null) return null;
    const [number, , row, column, rows, columns] = place;
    const toRow = down > 0 ? row + rows - 1 + down : row + down;
    const toColumn = across > 0 ? column + columns - 1 + across : column + across;
    if (this.#picture.frames === undefined) return this.at(toRow, toColumn);
    const last = this.#picture.columns - 1;
    const [of, at] =
      toColumn < 0 ? [number - 1, last] : toColumn > last ? [number + 1, 0] : [number, toColumn];
    const found = this.#places.findIndex((own) => own?.[0] === of && own[2] === toRow && own[3] === at);
    return found === -1 ? null : found;
  }

  /** Whether a token stands here, or in another frame of the same video: arrows go on from it. */
  leadsFrom(token: number): boolean {
    const place = this.#places[token];
    return place != null && (place[0] === this.#number || this.#picture.frames !== undefined);
  }

  /** The edges of what some tokens cover together: [x, y, x, y] each. */
  outline(holds: (token: number) => boolean): readonly (readonly [number, number, number, number])[] {
    const { rows, columns, patch } = this.#picture;
    const [high, wide] = patch.map((side) => side * this.scale) as [number, number];
    const inside = (row: number, column: number) => {
      const token = this.at(row, column);
      return token !== null && holds(token);
    };
    const found: (readonly [number, number, number, number])[] = [];
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        if (!inside(row, column)) continue;
        const [left, top] = [column * wide, row * high];
        const [right, bottom] = [left + wide, top + high];
        if (!inside(row - 1, column)) found.push([left, top, right, top]);
        if (!inside(row + 1, column)) found.push([left, bottom, right, bottom]);
        if (!inside(row, column - 1)) found.push([left, top, left, bottom]);
        if (!inside(row, column + 1)) found.push([right, top, right, bottom]);
      }
    return found;
  }
}
