/** What of a map is in sight: `span` tokens along each axis, from one that may be a fraction. Infinity is all of it. */
export interface Viewport {
  readonly query: number;
  readonly key: number;
  readonly span: number;
}
