interface Titled {
  readonly title: string;
}

/** Moves the focus among the items of a menu, as the ARIA Authoring Practices have it. */
export function steerItems(
  event: KeyboardEvent,
  elements: ArrayLike<Element>,
  items: readonly Titled[],
): void {
  const all = Array.from(elements);
  const next = bent(event) ? null : nextItem(event.key, all.indexOf(event.target as Element), items);
  if (next === null) return;
  event.preventDefault();
  (all[next] as HTMLElement | undefined)?.focus();
}

/** Keys with others held are not for menus. */
export function bent({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || shiftKey;
}

/** Where a key leads: round and round, to the ends, or to the next title that begins with its letter. */
function nextItem(key: string, place: number, items: readonly Titled[]): number | null {
  const count = items.length;
  switch (key) {
    case "ArrowDown":
      return (place + 1) % count;
    case "ArrowUp":
      return (place + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
  }
  if ([...key].length !== 1) return null;
  const from = items.map((_, step) => (place + 1 + step) % count);
  return from.find((at) => items[at]?.title.toLowerCase().startsWith(key.toLowerCase())) ?? null;
}
