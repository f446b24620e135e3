/** One meaning, and the keys that have it, as `KeyboardEvent.key` names them. */
export interface KeyRow {
  readonly keys: readonly string[];
  readonly does: string;
}

export interface KeyPlace {
  /** Of a view as the trait has it, or of what is beside them. */
  readonly name: string;
  readonly title: string;
  readonly rows: readonly KeyRow[];
}

export const arrows = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const;
/** The keys of what is beside the views; those of a view are in its entry. `?` shows them all, and a test holds every place to them. */
export const keyPlaces: readonly KeyPlace[] = [
  {
    name: "anywhere",
    title: "Anywhere",
    rows: [
      { keys: ["?"], does: "this list; in the text it types a question mark" },
      { keys: ["/"], does: "find a word in the text; in the text it types a slash" },
      { keys: ["Escape"], does: "back to what is pinned" },
      {
        keys: ["ContextMenu", "Shift+F10"],
        does: "what if: hide, silence, cut or paint what is highlighted, or the query; with the pointer, right click or a long press. Shift and a right click, or a selection in the text, brings the browser’s own menu",
      },
      { keys: ["Tab"], does: "on to the next control, and out of the explorer" },
      {
        keys: ["Control+Z", "Control+Shift+Z"],
        does: "undo what was last changed, head, query, view or text, whoever changed it; redo it. In the text only the text",
      },
      {
        keys: ["Shift+Enter", "Control+Enter", "Alt+Enter"],
        does: "run the cell, as everywhere in a notebook",
      },
      { keys: ["Control+S"], does: "save the notebook; other shortcuts with Ctrl or Cmd are its own too" },
    ],
  },
  {
    name: "text",
    title: "Text",
    rows: [
      { keys: [...arrows], does: "move the caret; its token is the query" },
      { keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], does: "select several tokens as the query" },
      { keys: ["Control+ "], does: "let the model write on, where it can; Esc ends that" },
    ],
  },
  {
    name: "search",
    title: "Finding",
    rows: [
      { keys: ["ArrowDown", "ArrowUp"], does: "show the next place, or the one before" },
      { keys: ["Enter", "Shift+Enter"], does: "make it the query, then the next one, or the one before" },
    ],
  },
  {
    name: "pictures",
    title: "Heads and every view",
    rows: [
      { keys: ["Enter", " "], does: "pin what is highlighted; Enter on what is pinned opens its menu" },
      { keys: ["r"], does: "switch between reads and is read by" },
    ],
  },
  {
    name: "grid",
    title: "Heads",
    rows: [
      { keys: [...arrows, "Home", "End"], does: "pin another head; layers without attention are skipped" },
      {
        keys: ["Shift+ArrowLeft", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowDown"],
        does: "choose one more head, or one fewer; with the pointer, Shift-click",
      },
    ],
  },
  {
    name: "tabs",
    title: "Tabs",
    rows: [
      {
        keys: ["ArrowLeft", "ArrowRight", "Home", "End"],
        does: "switch to another view, also to one that is folded into the menu beside the tabs",
      },
    ],
  },
];

const signs: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  ContextMenu: "Menu",
  Control: "Ctrl",
  " ": "Space",
  "-": "−",
};

/** A key, or several held together, as it stands on a keyboard: "Shift+ArrowLeft" -> "Shift ←". */
export function keyLabel(key: string): string {
  const parts = key.length > 1 ? key.split("+") : [key];
  return parts.map((part) => signs[part] ?? part).join(" ");
}
