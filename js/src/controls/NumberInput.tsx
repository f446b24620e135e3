import { useRef } from "preact/hooks";

interface Props {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly step?: number;
  readonly title?: string;
  readonly onChange: (value: number) => void;
}

/** A small native number field. What cannot be is not passed on, and is put right when the field is left. */
export function NumberInput({ label, value, least, most, step = 1, title, onChange }: Props) {
  const ref = useRef<HTMLInputElement>(null);
  const read = () => {
    const wish = ref.current?.valueAsNumber ?? Number.NaN;
    if (wish >= least && wish <= most && (step < 1 || Number.isInteger(wish)) && wish !== value)
      onChange(wish);
  };
  return (
    <input
      ref={ref}
      class="aw-number-field aw-number"
      type="number"
      aria-label={label}
      title={title}
      min={least}
      max={most}
      step={step}
      value={value}
      onInput={read}
      onBlur={() => {
        if (ref.current !== null) ref.current.value = String(value);
      }}
    />
  );
}
