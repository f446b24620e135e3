interface Props {
  readonly value: string;
  readonly text: string;
  readonly title: string;
  readonly tint?: string;
  readonly pressed: boolean;
  readonly onPress: (pressed: boolean) => void;
}

/** One thing that is on or off. */
export function Toggle({ value, text, title, tint, pressed, onPress }: Props) {
  return (
    <span class="aw-segmented">
      <button
        type="button"
        data-value={value}
        data-tint={tint}
        title={title}
        aria-pressed={pressed}
        onClick={() => onPress(!pressed)}
      >
        {text}
      </button>
    </span>
  );
}
