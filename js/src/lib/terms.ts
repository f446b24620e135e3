/** The explorer's own words, a sentence each: said where they stand, and all of them by `?`. */
export const terms = {
  layer: "One step of the model: its heads read what the layers before it have written.",
  head: "One of several readers in a layer: each looks at the same tokens in its own way.",
  query: "The token that reads: its row says how it divides its attention among the tokens that it can see.",
  key: "A token that is read: its column says by whom, and how much.",
  weight: "The share of its attention that a query gives to a key: a row sums to 1.",
  tone: "The square root of the weight, so that small weights can be seen; full strength is a weight of 1, unless it is stretched. Behind letters the colours end where these can still be read.",
  sink: "A token that soaks up attention whatever the text is about, often the first: a head rests there when it finds nothing.",
  entropy: "How widely attention is spread: 0 when all of it is on one token, largest when it is even.",
  nats: "The unit of entropy: an even spread over n tokens has ln n of them.",
  "× ‖v‖":
    "Attention times the length of what a key writes, ‖W_O v‖: a large weight on a short vector changes little.",
  rollout: "All layers multiplied together, half of each step left to what passes attention by.",
  "green token": "Among the tokens that the model expects, the one that the text really has there.",
  edit: "The time from the last key press to the new picture, measured on this page.",
} as const satisfies Readonly<Record<string, string>>;

export type TermName = keyof typeof terms;
