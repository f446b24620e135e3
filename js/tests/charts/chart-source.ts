/** A Bokeh data source, as far as links see it. */
export class FakeSource {
  readonly listeners = new Set<() => void>();
  readonly selected: { indices: readonly number[]; change: object };
  marked = 0;

  constructor(
    readonly name: string,
    readonly data: Record<string, ArrayLike<unknown>>,
  ) {
    const { listeners } = this;
    let kept: readonly number[] = [];
    const own = this;
    this.selected = {
      get indices() {
        return kept;
      },
      set indices(next) {
        kept = next;
        own.marked++;
        for (const listen of [...listeners]) listen();
      },
      change: {
        connect: (listen: () => void) => listeners.add(listen),
        disconnect: (listen: () => void) => listeners.delete(listen),
      },
    };
  }

  get_column(name: string) {
    return this.data[name] ?? null;
  }

  async tap(...indices: number[]) {
    this.selected.indices = indices;
    await Promise.resolve();
  }
}

/** Two layers of two heads. */
export const heads = { layer: Int32Array.of(0, 0, 1, 1), head: Int32Array.of(0, 1, 0, 1) };
