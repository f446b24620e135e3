// What parts may know of the records: the names of state, and those of the wire that state passes on.

export type { Difference } from "../wire/difference";
export type { Flow } from "../wire/flow";
export type { Metric, MetricChoice, Similar } from "../wire/metric";
export { lost } from "../wire/problem";
export type {
  About,
  Direction,
  Frame,
  Fusion,
  HeadFusion,
  HeadPair,
  Look,
  MapSource,
  Predictions,
  Problem,
  Span,
  Stats,
  Theme,
  Tile,
  Tokens,
  ViewName,
  Viewport,
} from "../wire/types";
export { loadOnce } from "./charts";
export { pythonCode } from "./code";
export { type CopiedRow, matrixCsv, rowCsv, rowText } from "./copied";
export { type Derived, derive, type Heat, type Ranked } from "./derived";
export { type Description, description } from "./description";
export {
  compareRequest,
  differenceAt,
  differenceProblem,
  followDifference,
  largestChange,
  pooledChanges,
} from "./difference";
export { type Field, type FieldNumber, hasSecond } from "./fields";
export { type Filter, filterText, readFilter } from "./filter";
export {
  census,
  type Found,
  type FoundHead,
  family,
  find,
  headName,
  headsOf,
  named,
  unnamed,
} from "./finder";
export { flowAt, flowProblem, followFlow } from "./flow";
export { followHeads, metricAt, refusalAt, similarAt } from "./follow-heads";
export { followPointer } from "./followup";
export { followHeadLines, type HeadOnShow, headsOnShow, mostHeadsDrawn, vectorOfHead } from "./head-lines";
export { nearestHead, nextLayer } from "./heads";
export type { Way } from "./history";
export { fading, fadingOf, isExplicit, type Kept, keepOf, percent, ruleOf, sinkNote, sinksOf } from "./keep";
export { type Lines, linesFilter, linesOf } from "./lines";
export { linkSources } from "./links";
export {
  type Cell,
  createLocal,
  type HeadRef,
  type Local,
  type PairCell,
  type Side,
  type StripCell,
  sideOf,
} from "./local";
export { holds, joined } from "./look";
export { cellIn, type MapOnShow, weightAt } from "./maps";
export type { Mark, Segment } from "./marks";
export type { Shade } from "./metrics";
export { followPairs, type KeyOrder, openedKey, orderOf, type Pairs } from "./neuron";
export {
  factor,
  groupOf,
  isMasked,
  productsOf,
  type Step,
  sentenceOf,
  softmaxOf,
  stepsOf,
  strongestDimensions,
} from "./pair";
export { changeOf, moved } from "./rebase";
export { type RowFacts, rowFacts } from "./row-facts";
export { Session } from "./session";
export { type Shown, unitsOf } from "./shown";
export { type SparseFlow, sparseFlow } from "./sparse-flow";
export { followStrip, isVisible, type StripOnShow, stripProblem } from "./strips";
export { around, blocksOf, cellOf, type Region, type TiledMap, tiledMap, tileSide } from "./tiles";
export { tokenCount, tokenOf, toTokens, toUnits } from "./units";
export { watch } from "./watch";
