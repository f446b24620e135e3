import type { Ask } from "../wire/types";
import { Differences } from "./difference";
import { Flows } from "./flow";
import { Metrics } from "./metrics";
import { Neurons } from "./neuron";
import { Strips } from "./strips";
import { Tiles } from "./tiles";

/** What is asked for one view or another, beside the frame that all of them need; each keeps what it was told. */
export class Stores {
  readonly strips: Strips;
  readonly flows: Flows;
  readonly differences: Differences;
  readonly neurons: Neurons;
  readonly tiles: Tiles;
  readonly metrics: Metrics;

  constructor(ask: Ask, abort: AbortSignal) {
    this.strips = new Strips(ask, abort);
    this.flows = new Flows(ask, abort);
    this.differences = new Differences(ask, abort);
    this.neurons = new Neurons(ask, abort);
    this.tiles = new Tiles(ask, abort);
    this.metrics = new Metrics(ask, abort);
  }
}
