import { batch } from "@preact/signals";
import { useView } from "../display/view";
import { named } from "./found";
import { changeOf, changeShown, searchOf } from "./search";

const changed = "change";
const byEffect = "effect";

/** What the cells of the grid show. */
export function ShadeChoice() {
  const { session } = useView();
  const { shade, by, number } = searchOf(session);
  const titles = new Map(session.about.value?.metrics.map(({ name, title }) => [name, title]));
  const own = shade.value !== "values" ? shade.value : by.value === named ? named : number.value;
  const looked = changeShown(session) === null ? own : changed;
  const choices = [
    ...(changeOf(session) === null
      ? []
      : [{ name: changed, text: "by change", title: "The largest change of a weight in every head" }]),
    { name: "maps", text: "All heads", title: "The map of every head" },
    {
      name: number.value,
      text: `by ${titles.get(number.value) ?? number.value}`,
      title: "One number for every head; the Model view has more",
    },
    { name: named, text: "by pattern", title: "The pattern of every head" },
    ...(session.answers.value
      ? [
          {
            name: byEffect,
            text: "by effect",
            title: "What silencing each head does to the answer: violet hurts it, grey-teal helps it",
          },
        ]
      : []),
  ];
  const choose = (name: string) =>
    batch(() => {
      searchOf(session).changes.value = name === changed;
      if (name === changed) return;
      shade.value = name === "maps" || name === byEffect ? name : "values";
      if (shade.peek() === "values") searchOf(session).choose(name);
    });
  return (
    <div class="aw-shades" role="group" aria-label="What the heads show">
      {choices.map(({ name, text, title }) => (
        <button
          key={name}
          type="button"
          data-value={name}
          title={title}
          aria-pressed={name === looked}
          onClick={() => choose(name)}
        >
          {text.startsWith("by ") ? <ByWhat what={text.slice(3)} /> : <AllWhat text={text} />}
        </button>
      ))}
    </div>
  );
}

/** A narrow column has no room for the second word (style/fit.css). */
function AllWhat({ text }: { readonly text: string }) {
  const [first, ...others] = text.split(" ");
  return (
    <>
      {first}
      <span class="aw-second"> {others.join(" ")}</span>
    </>
  );
}

/** Nor for the "by". */
function ByWhat({ what }: { readonly what: string }) {
  return (
    <>
      <span class="aw-by">by </span>
      {what}
    </>
  );
}
