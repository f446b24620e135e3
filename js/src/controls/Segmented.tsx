interface Props<Value extends string> {
  readonly label: string;
  readonly choices: readonly {
    readonly value: Value;
    readonly text: string;
    readonly title?: string;
    readonly tint?: string;
  }[];
  /** Null: none is pressed. */
  readonly value: Value | null;
  readonly onChoose: (value: Value) => void;
}

/** A few choices side by side, one of them pressed. */
export function Segmented<Value extends string>({ label, choices, value, onChoose }: Props<Value>) {
  return (
    <span class="aw-segmented" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          data-value={choice.value}
          data-tint={choice.tint}
          title={choice.title}
          aria-pressed={choice.value === value}
          onClick={() => onChoose(choice.value)}
        >
          {choice.text}
        </button>
      ))}
    </span>
  );
}
