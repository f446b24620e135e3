import { useEffect, useRef, useState } from "preact/hooks";
import { useView } from "../display/view";
import { mapInWords } from "../focus/description";
import { viewOf } from "../views/registry";

/** Milliseconds without a change after which a view is read out. */
const rest = 1000;

/** The view on the stage in words: a table to go through, and a sentence that is read out when the view has come to rest. */
export function Described({ id }: { readonly id: string }) {
  const { session } = useView();
  const said = viewOf(session.traits.view.value).words?.(session) ?? mapInWords(session);
  return (
    <div class="aw-described aw-unseen">
      {said !== null && (
        <table>
          <caption id={id}>{said.sentence}</caption>
          <thead>
            <tr>
              {said.columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {said.rows.map((cells, index) => (
              <tr key={index}>
                {cells.map((cell, place) => (
                  <td key={place}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Rested sentence={said?.sentence ?? ""} />
    </div>
  );
}

/** Read out for whoever is in this explorer; the other ones on the page keep silent. */
function Rested({ sentence }: { readonly sentence: string }) {
  const place = useRef<HTMLParagraphElement>(null);
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => {
      if (place.current?.closest(".attnwidget")?.matches(":focus-within")) setSpoken(sentence);
    }, rest);
    return () => clearTimeout(timer);
  }, [sentence]);
  return (
    <p ref={place} role="status">
      {spoken}
    </p>
  );
}
