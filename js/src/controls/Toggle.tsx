interface Props {
  readonly value: string;
  readonly text: string;
  readonly title: string;
  readonly pressed: boolean;
  readonly onPress: (pressed: boolean) => void;
}

/** One thing that is on or off. */
export function Toggle({ value, text, title, pressed, onPress }: Props) {
  return (
    <span class="aw-segmented">
      <button
        type="button"
        data-value={value}
        title={title}
        aria-pressed={pressed}
        onClick={() => onPress(!pressed)}
      >
        {text}
      </button>
    </span>
  );
}
