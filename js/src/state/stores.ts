import { type Signal, signal } from "@preact/signals";
import type { Ask } from "../wire/types";
import { Differences } from "./difference";
import { Expected } from "./expected";
import { Flows } from "./flow";
import { Metrics } from "./metrics";
import { Neurons } from "./neuron";
import { Pages } from "./pages";
import { Previews } from "./previews";
import type { Shown } from "./shown";
import { Strips } from "./strips";
import { Tiles } from "./tiles";

/** The frame that all views need, and what is asked for one view or another beside it; each keeps what it was told. */
export class Stores {
  readonly shown: Signal<Shown | null> = signal(null);
  readonly previews: Previews;
  readonly expected: Expected;
  readonly strips: Strips;
  readonly flows: Flows;
  readonly differences: Differences;
  readonly neurons: Neurons;
  readonly pages: Pages;
  readonly tiles: Tiles;
  readonly metrics: Metrics;

  constructor(ask: Ask, abort: AbortSignal) {
    this.previews = new Previews(ask, abort, this.shown);
    this.expected = new Expected(ask, abort, this.shown);
    this.strips = new Strips(ask, abort);
    this.flows = new Flows(ask, abort);
    this.differences = new Differences(ask, abort);
    this.neurons = new Neurons(ask, abort);
    this.pages = new Pages(ask);
    this.tiles = new Tiles(ask, abort);
    this.metrics = new Metrics(ask, abort);
  }
}
