import type { ReadonlySignal } from "@preact/signals";
import type { Ask, Chart, Replies, Theme } from "../../wire/types";

/** The figure beside the stage: asked for once per theme, whatever the number of views. */
export class Charts {
  /** Which figure there is, 0 for none. */
  readonly revision: ReadonlySignal<number>;

  readonly #ask: Ask;
  readonly #abort: AbortSignal;
  readonly #kept = new Map<string, Promise<Chart>>();

  constructor(ask: Ask, abort: AbortSignal, revision: ReadonlySignal<number>) {
    this.#ask = ask;
    this.#abort = abort;
    this.revision = revision;
  }

  /** The newest figure in the colours of a theme. Rejects with a sentence. */
  chart(theme: Theme): Promise<Chart> {
    const key = `${this.revision.peek()} ${theme}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const asked = this.#answer({ kind: "chart", theme });
    // Two themes at most are looked at: an older figure is of no use to anybody.
    for (const old of this.#kept.keys())
      if (!old.startsWith(`${this.revision.peek()} `)) this.#kept.delete(old);
    this.#kept.set(key, asked);
    asked.catch(() => this.#kept.delete(key));
    return asked;
  }

  /** The text of the script that draws figures. Large: to be asked for only where it is missing. */
  script(): Promise<string> {
    return this.#answer({ kind: "bokeh" });
  }

  #answer<Kind extends "chart" | "bokeh">(
    request: Extract<Parameters<Ask>[0], { kind: Kind }>,
  ): Promise<Replies[Kind]> {
    return new Promise((resolve, reject) => {
      // Whoever else waits for the same library must hear that this explorer is gone.
      const gone = () => reject(new Error("The explorer was closed."));
      if (this.#abort.aborted) return gone();
      this.#abort.addEventListener("abort", gone, { once: true });
      void this.#ask(request as never).then((answer) => {
        this.#abort.removeEventListener("abort", gone);
        if (answer.status === "ok") resolve(answer.reply as Replies[Kind]);
        else
          reject(
            new Error(
              answer.status === "error" ? answer.problem.message : "The kernel has dropped the chart.",
            ),
          );
      });
    });
  }
}

/** One library per version, loaded once. What failed is tried anew by the next one who asks, and by those who waited. */
export function loadOnce<Library>(
  known: Map<string, Promise<Library>>,
  version: string,
  load: () => Promise<Library>,
): Promise<Library> {
  const there = known.get(version);
  if (there !== undefined) return there.catch(() => loadOnce(known, version, load));
  const loading = load();
  known.set(version, loading);
  loading.catch(() => {
    if (known.get(version) === loading) known.delete(version);
  });
  return loading;
}
