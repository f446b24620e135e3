import { type Signal, signal } from "@preact/signals";
import type { Ask } from "../wire/types";
import { Answers } from "./answers";
import { differenceKey } from "./difference";
import { Expected } from "./expected";
import { flowKey } from "./flow";
import { Metrics } from "./metrics";
import { Neurons } from "./neuron";
import { Pages } from "./pages";
import { Previews } from "./previews";
import type { Shown } from "./shown";
import { stripKey } from "./strips";
import { Tiles } from "./tiles";

/** The frame that all views need, and what is asked for one view or another beside it; each keeps what it was told. */
export class Stores {
  readonly shown: Signal<Shown | null> = signal(null);
  readonly previews: Previews;
  readonly expected: Expected;
  readonly strips: Answers<"strip">;
  readonly flows: Answers<"flow">;
  readonly differences: Answers<"compare">;
  readonly neurons: Neurons;
  readonly pages: Pages;
  readonly tiles: Tiles;
  readonly metrics: Metrics;

  constructor(ask: Ask, abort: AbortSignal) {
    this.previews = new Previews(ask, abort, this.shown);
    this.expected = new Expected(ask, abort, this.shown);
    this.strips = new Answers("strip", stripKey, 64, ask, abort);
    this.flows = new Answers("flow", flowKey, 16, ask, abort);
    this.differences = new Answers("compare", differenceKey, 24, ask, abort);
    this.neurons = new Neurons(ask, abort);
    this.pages = new Pages(ask);
    this.tiles = new Tiles(ask, abort);
    this.metrics = new Metrics(ask, abort);
  }
}
