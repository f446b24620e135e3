import {
  effectTone,
  fullEffect,
  hexOf,
  inkOn,
  mix,
  type Palette,
  type Ramp,
  ramp,
  rampColour,
  rgbOf,
  tone,
} from "../../lib/colour";
import { twoDecimals } from "../../lib/format";
import type { Evidence, EvidenceMethod } from "../../wire/experiments/evidence";
import { cellText, isAbsolute, largestOf, measuredOf, placeName } from "./rows";
import type { Spot } from "./scene";

export interface CellLook {
  readonly fill: string;
  readonly ink: string;
  readonly text: string;
}

export interface TestPicture {
  readonly names: readonly { readonly name: string; readonly number: string; readonly kind: string }[];
  /** By column and place; null where nothing is known. */
  readonly cells: readonly (readonly (CellLook | null)[])[];
  /** Under each column; "" where nothing can be said. */
  readonly ranks: readonly string[];
  /** Columns that are not there, or not yet. */
  readonly waiting: readonly ("" | "…" | "–")[];
  /** Which column the others are compared with, and its colour. */
  readonly measured: { readonly column: number; readonly colour: string };
  readonly looked: Spot | null;
  /** Rows of places that are pointed out elsewhere, and of the query. */
  readonly marked: ReadonlySet<number>;
  readonly query: ReadonlySet<number>;
  readonly strong: string;
  /** The width of a text in a font. */
  readonly measure: (text: string, font: string) => number;
}

/** What stays while the pointer moves. */
export function testPicture(
  evidence: Evidence,
  columns: readonly EvidenceMethod[],
  palette: Palette,
): Pick<TestPicture, "names" | "cells" | "ranks" | "waiting" | "measured"> {
  const { places } = evidence;
  const measured = measuredOf(evidence);
  return {
    names: places.map((place) => ({
      name: placeName(place),
      number: `#${place.token}`,
      kind: place.kind,
    })),
    cells: columns.map((method) => {
      const largest = largestOf(method, places);
      const whole = isAbsolute(method, measured) ? 1 : largest;
      return Array.from(method.values, (value) => cellLook(value, method, { largest, whole }, palette));
    }),
    ranks: columns.map(({ name, agreement }) =>
      agreement !== null ? twoDecimals(agreement.rho) : name === "hide" ? "—" : "",
    ),
    measured: {
      column: columns.findIndex(({ name }) => name === "hide"),
      colour: palette.effectHurts.strong,
    },
    waiting: columns.map(({ done, why }) => (why !== null ? "–" : done ? "" : "…")),
  };
}

/** Of the ramp: every cell has a number to be read, of which the colour says how it compares. */
const strongest = 0.6;

function cellLook(
  value: number,
  method: EvidenceMethod,
  { largest, whole }: { readonly largest: number; readonly whole: number },
  palette: Palette,
): CellLook | null {
  if (Number.isNaN(value)) return null;
  const colour =
    method.ramp === "effect"
      ? rampColour(palette.effect, effectTone(value, whole === 1 ? fullEffect([largest]) : largest))
      : rampColour(rampOf(method, palette), strongest * tone(value, largest));
  return { fill: hexOf(colour), ink: inkOn(colour), text: cellText(value, method.ramp, whole) };
}

/** What is known to say nothing has no colour. */
function rampOf({ ramp: kind }: EvidenceMethod, { reads, ground, text }: Palette): Ramp {
  return kind === "reads" ? reads.ramp : ramp([rgbOf(ground), mix(rgbOf(text), 0.5, rgbOf(ground))]);
}
