/** The slant of labels over narrow columns. */
export const labelAngle = (-55 * Math.PI) / 180;
