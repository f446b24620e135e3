/** An anywidget model without a kernel behind it: traits are kept, and nobody else changes them. */
export function localModel(state: Readonly<Record<string, unknown>>) {
  const kept = { ...state };
  return {
    get: (name: string): unknown => kept[name],
    set: (name: string, value: unknown): void => {
      kept[name] = value;
    },
    save_changes: (): void => {},
    on: (): void => {},
    off: (): void => {},
  };
}
