/** The slant of labels over narrow columns. */
export const labelAngle = (-55 * Math.PI) / 180;

/** How far a tilted label reaches to the right, and up, for each pixel of its length. */
export const reach = { across: Math.cos(labelAngle), up: -Math.sin(labelAngle) } as const;

/** Whether the widest label has no room over its column. */
export function tilts(widest: number, pitch: number): boolean {
  return widest > pitch - 6;
}

/** The largest column, up to one size, with which the tilted labels of the last ones still fit. */
export function tiltedPitch(room: number, widths: readonly number[], largest: number): number {
  const count = Math.max(1, widths.length);
  let pitch = Math.min(largest, (room - 4) / count);
  for (let round = 0; round < 3; round++) {
    const overhang = widths.reduce(
      (most, width, index) => Math.max(most, width * reach.across - (count - index - 0.5) * pitch),
      0,
    );
    pitch = Math.min(pitch, (room - 6 - overhang) / count);
  }
  return pitch;
}

/** Where a tilted label begins that has a point in it, `rise` above its foot. */
export function tiltedFoot(x: number, rise: number): number {
  return x - (Math.max(0, rise) * reach.across) / reach.up;
}
