import { describe, expect, it } from "vitest";
import { cutoutBetween } from "../../src/surface/picture/cutout/cutout";

describe("a part of a picture", () => {
  const picture = { width: 56, height: 28 };

  it("is whole pixels between two places, whichever comes first, and nothing outside", () => {
    const part = { x: 14, y: 7, width: 28, height: 14 };
    expect(cutoutBetween([0.25, 0.25], [0.75, 0.75], picture)).toEqual(part);
    expect(cutoutBetween([0.75, 0.25], [0.25, 0.75], picture)).toEqual(part);
    expect(cutoutBetween([-1, -1], [2, 2], picture)).toEqual({ x: 0, y: 0, width: 56, height: 28 });
  });

  it("is none where the pointer hardly moved", () => {
    expect(cutoutBetween([0.5, 0.5], [0.55, 0.9], picture)).toBeNull();
    expect(cutoutBetween([0.5, 0.5], [0.5, 0.5], picture)).toBeNull();
  });
});
