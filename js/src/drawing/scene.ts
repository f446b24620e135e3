export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Label {
  readonly index: number;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** `point` is looked at, `strong` matters to it. */
  readonly tone: "plain" | "strong" | "point";
}
