/** One meaning, and the keys that have it, as `KeyboardEvent.key` names them. */
export interface KeyRow {
  readonly keys: readonly string[];
  readonly does: string;
}

export interface KeyPlace {
  /** Of a view as the trait has it, or of what is beside them. */
  readonly name:
    | "anywhere"
    | "text"
    | "pictures"
    | "grid"
    | "tabs"
    | "matrix"
    | "lines"
    | "layers"
    | "flow"
    | "compare"
    | "neuron"
    | "model";
  readonly title: string;
  readonly rows: readonly KeyRow[];
}

const arrows = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const;
const mapRows: readonly KeyRow[] = [
  { keys: [...arrows, "Home", "End"], does: "another cell; a zoomed map follows" },
  { keys: ["+", "=", "-"], does: "closer, further" },
  { keys: ["0"], does: "the whole map" },
];

/** Every key, by place. `?` shows this table; a test holds the places to it, so a key that is new is written here first. */
export const keyPlaces: readonly KeyPlace[] = [
  {
    name: "anywhere",
    title: "Anywhere",
    rows: [
      { keys: ["?"], does: "this list; in the text it is a letter" },
      { keys: ["Escape"], does: "back to what is pinned" },
      { keys: ["Tab"], does: "on to the next control, and out of the explorer" },
      {
        keys: ["Control+Z", "Control+Shift+Z"],
        does: "the text as it was before, whoever changed it; and forward again",
      },
      {
        keys: ["Shift+Enter", "Control+Enter", "Alt+Enter"],
        does: "run the cell, as everywhere in a notebook",
      },
      { keys: ["Control+S"], does: "and other shortcuts with Ctrl or Cmd are the notebook's" },
    ],
  },
  {
    name: "text",
    title: "Text",
    rows: [
      { keys: [...arrows], does: "move the caret: its token is the query" },
      { keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], does: "a query of several tokens" },
    ],
  },
  {
    name: "pictures",
    title: "Heads and every view",
    rows: [
      { keys: ["Enter", " "], does: "pin what is looked at" },
      { keys: ["r"], does: "reads, or is read by" },
    ],
  },
  {
    name: "grid",
    title: "Heads",
    rows: [
      { keys: [...arrows, "Home", "End"], does: "pin another head; layers without attention are skipped" },
      {
        keys: ["Shift+ArrowLeft", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowDown"],
        does: "one more head beside those that are chosen, or one less; with the pointer, Shift and a click",
      },
    ],
  },
  {
    name: "tabs",
    title: "Tabs",
    rows: [{ keys: ["ArrowLeft", "ArrowRight", "Home", "End"], does: "another view" }],
  },
  {
    name: "matrix",
    title: "Matrix",
    rows: mapRows,
  },
  {
    name: "lines",
    title: "Lines",
    rows: [
      { keys: ["ArrowUp", "ArrowDown", "Home", "End"], does: "another token" },
      { keys: ["ArrowLeft", "ArrowRight"], does: "its lines, strongest first" },
    ],
  },
  {
    name: "layers",
    title: "Layers",
    rows: [{ keys: [...arrows, "Home", "End"], does: "another cell; beyond the first layer are the tokens" }],
  },
  {
    name: "flow",
    title: "Flow",
    rows: [
      { keys: [...arrows], does: "from token to token, from level to level" },
      { keys: ["Home", "End"], does: "to the input, to the output" },
    ],
  },
  {
    name: "neuron",
    title: "Neuron",
    rows: [
      { keys: ["ArrowUp", "ArrowDown", "Home", "End"], does: "another key" },
      { keys: ["ArrowLeft", "ArrowRight"], does: "another dimension" },
      { keys: ["Enter"], does: "look from the key" },
      { keys: [" "], does: "keep the pair open, or let it go" },
    ],
  },
  {
    name: "compare",
    title: "Compare",
    rows: mapRows,
  },
  {
    name: "model",
    title: "Model, the list of heads",
    rows: [{ keys: ["ArrowUp", "ArrowDown", "Home", "End"], does: "another head of those that were found" }],
  },
];

const signs: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Control: "Ctrl",
  " ": "Space",
  "-": "−",
};

/** A key, or several held together, as it stands on a keyboard: "Shift+ArrowLeft" -> "Shift ←". */
export function keyLabel(key: string): string {
  const parts = key.length > 1 ? key.split("+") : [key];
  return parts.map((part) => signs[part] ?? part).join(" ");
}
