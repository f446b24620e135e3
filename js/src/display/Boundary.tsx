import { Component, type ComponentChildren } from "preact";
import { FaultContext } from "./guard";
import { useView, type View, ViewContext } from "./view";

interface Props {
  /** What is in it, as a sentence begins: "The matrix". */
  readonly of: string;
  /** What stands there instead where there is no room for words: then they stand at the explorer's foot. */
  readonly instead?: ComponentChildren;
  readonly children: ComponentChildren;
}

interface Fault {
  readonly error: unknown;
  /** What was looked at: once that is something else, it is tried again. */
  readonly at: readonly unknown[];
}

/** What goes wrong in one part stays there, is told in a sentence, and is tried again with the next text, head or view. */
export class Boundary extends Component<Props> {
  static override contextType = ViewContext;
  #fault: Fault | null = null;
  #logged = "";

  get #view(): View {
    return this.context as View;
  }

  override componentDidCatch(error: unknown): void {
    this.#fail(error);
  }

  readonly #fail = (error: unknown) => {
    // Hovering may try it again many times.
    if (this.#logged !== String(error)) console.error("attnwidget:", error);
    this.#logged = String(error);
    this.#fault = { error, at: lookedAt(this.#view).map((each) => each.peek()) };
    if (this.props.instead !== undefined) this.#view.session.fault.value = error;
    this.forceUpdate();
  };

  readonly #again = () => {
    this.#fault = null;
    this.forceUpdate();
  };

  override render({ of, instead, children }: Props) {
    const fault = this.#fault;
    if (fault !== null) {
      const now = lookedAt(this.#view).map((each) => each.value);
      if (now.every((value, index) => Object.is(value, fault.at[index])))
        return instead !== undefined ? (
          instead
        ) : (
          <Told what={`${of} could not be drawn`} error={fault.error} onAgain={this.#again} />
        );
      this.#fault = null;
    }
    return <FaultContext.Provider value={this.#fail}>{children}</FaultContext.Provider>;
  }
}

function lookedAt({ session, local, palette }: View) {
  const { view, layer, head, heads, query, direction, part, look, filter } = session.traits;
  const { hoverHead, hoverToken, viewport } = local;
  return [
    ...[
      session.shown,
      session.about,
      palette,
      view,
      layer,
      head,
      heads,
      query,
      direction,
      part,
      look,
      filter,
    ],
    ...[hoverHead, hoverToken, viewport],
  ];
}

/** What went wrong where nothing is drawn: until the next text has come. */
export function Foot() {
  const { session } = useView();
  const error = session.fault.value;
  if (error === null) return null;
  return (
    <Told
      what="Part of the page was not updated"
      error={error}
      onAgain={() => {
        session.fault.value = null;
      }}
    />
  );
}

function Told(props: { readonly what: string; readonly error: unknown; readonly onAgain: () => void }) {
  const { about } = useView().session;
  const version = about.value?.version ?? "";
  return (
    <p class="aw-fault" role="status">
      {props.what} ({wordsOf(props.error)}): it is retried with the next text or view; if it persists, reload
      the page and report it, naming attnwidget {version}.{" "}
      <button type="button" onClick={props.onAgain}>
        Try again
      </button>
    </p>
  );
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200) || "no reason was given";
}
