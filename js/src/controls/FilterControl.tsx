import { useView } from "../display/view";
import type { Filter } from "../session/filter";
import { NumberInput } from "./NumberInput";
import { Segmented } from "./Segmented";

type Kind = Exclude<Filter["kind"], "auto">;

/** The amount that each kind starts with. */
const firstAmounts = { mass: 0.7, top: 5, least: 0.01 } as const;

/** What is kept of each row, everywhere. Nothing pressed: lines keep 70 %, all else is whole. */
export function FilterControl() {
  const { session, derived } = useView();
  const filter = derived.filter.value;
  const choose = (kind: Kind) => {
    if (kind === filter.kind) session.setFilter({ kind: "auto" });
    else session.setFilter(kind === "all" ? { kind } : { kind, amount: firstAmounts[kind] });
  };
  return (
    <span class="aw-control">
      <span class="aw-label">keep</span>
      <Segmented
        label="What to keep of each row"
        choices={choicesFor(filter)}
        value={filter.kind === "auto" ? null : filter.kind}
        onChoose={choose}
      />
      <Amount filter={filter} />
    </span>
  );
}

function choicesFor(filter: Filter) {
  const amount = (kind: keyof typeof firstAmounts) =>
    filter.kind === kind ? filter.amount : firstAmounts[kind];
  return [
    {
      value: "mass",
      text: filter.kind === "mass" ? "mass" : `${Math.round(amount("mass") * 100)} %`,
      title: "The fewest weights that hold this share of each row, sinks aside. Press again to clear.",
    },
    {
      value: "top",
      text: filter.kind === "top" ? "top" : `top ${amount("top")}`,
      title: "The strongest weights of each row. Press again to clear.",
    },
    {
      value: "least",
      text: filter.kind === "least" ? "≥" : `≥ ${amount("least")}`,
      title: "Weights of at least this size. Press again to clear.",
    },
    { value: "all", text: "all", title: "Every weight of each row, in Lines too. Press again to clear." },
  ] as const satisfies readonly { value: Kind; text: string; title: string }[];
}

function Amount({ filter }: { readonly filter: Filter }) {
  const { session } = useView();
  switch (filter.kind) {
    case "mass":
      return (
        <span>
          <NumberInput
            label="Share of the mass to keep, in percent"
            value={Number((filter.amount * 100).toPrecision(4))}
            least={1}
            most={100}
            onChange={(percent) => session.setFilter({ kind: "mass", amount: percent / 100 })}
          />{" "}
          <span class="aw-unit">%</span>
        </span>
      );
    case "top":
      return (
        <NumberInput
          label="How many weights to keep per row"
          value={filter.amount}
          least={1}
          most={999}
          onChange={(amount) => session.setFilter({ kind: "top", amount })}
        />
      );
    case "least":
      return (
        <NumberInput
          label="The smallest weight to keep"
          value={filter.amount}
          least={0.001}
          most={1}
          step={0.001}
          onChange={(amount) => session.setFilter({ kind: "least", amount })}
        />
      );
    default:
      return null;
  }
}
