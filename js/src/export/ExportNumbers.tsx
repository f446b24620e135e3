import { useView, type View } from "../display/view";
import { type Copy, copyMatrix, copyPython, copyRowCsv, copyRowText, copyTable } from "./copies";
import { copyText } from "./hand-over";
import { failure, type Handed } from "./Outcome";

interface Props {
  readonly tell: (handed: Handed) => void;
}

type Numbers = {
  readonly text: string;
  readonly title: string;
  readonly of: (view: View) => Copy | Promise<Copy>;
};

/** Of what has a table of its own. */
const table: Numbers = {
  text: "Table as CSV",
  title: "The numbers of this view, with all digits",
  of: copyTable,
};

const copies: readonly Numbers[] = [
  { text: "Row as text", title: "The weights of the row shown, for reading", of: copyRowText },
  { text: "Row as CSV", title: "The same with all digits, for programs", of: copyRowCsv },
  { text: "Matrix as CSV", title: "Every weight of the map shown, with all digits", of: copyMatrix },
  { text: "As Python", title: "Code that opens this explorer and gets its numbers", of: copyPython },
];

/** Numbers, and the code that gives them, for the clipboard. */
export function ExportNumbers({ tell }: Props) {
  const view = useView();
  const act = (of: (view: View) => Copy | Promise<Copy>) => () => {
    hand(view, of).then(tell, (error: unknown) => tell(failure(error)));
  };
  const stage = view.figures.makers.value.get("stage");
  const own = stage?.({ palette: view.palette.value, outlined: true })?.csv !== undefined;
  const offered = own ? [table, ...copies] : copies;
  return (
    <section>
      <h3>Copy</h3>
      <div class="aw-export-actions">
        {offered.map(({ text, title, of }) => (
          <button key={text} type="button" title={title} onClick={act(of)}>
            {text}
          </button>
        ))}
      </div>
    </section>
  );
}

const longestShown = 200_000;

async function hand(view: View, of: (view: View) => Copy | Promise<Copy>): Promise<Handed> {
  const made = of(view);
  const done = await copyText(made instanceof Promise ? made.then(({ text }) => text) : made.text);
  const { text, what } = await made;
  if (done) return { message: `Copied: ${what}.` };
  if (text.length > longestShown)
    return {
      failed: true,
      message: "The browser did not allow copying, and this is too long to show here.",
    };
  return { failed: true, message: "The browser did not allow copying. Copy it from here:", text };
}
