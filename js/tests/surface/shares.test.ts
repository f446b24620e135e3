import { describe, expect, it } from "vitest";
import { sharesOf } from "../../src/surface/picture/beside/shares";
import type { PatchPlace } from "../../src/wire/types";

describe("how much of a row goes where", () => {
  const place: PatchPlace = [0, 0, 0, 0, 1, 1];
  const places = [null, place, place, null];

  it("is told of pictures, text and sinks, all of the row", () => {
    const shares = sharesOf([0.4, 0.3, 0.1, 0.2], places, new Set([0, 2]));
    expect(shares.pictures).toBeCloseTo(0.3);
    expect(shares.text).toBeCloseTo(0.2);
    expect(shares.sinks).toBeCloseTo(0.5);
    expect(shares.pictures + shares.text + shares.sinks).toBeCloseTo(1);
  });
});
