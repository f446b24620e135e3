import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../display/view";
import { keyLabel } from "../lib/keys";
import { terms } from "../lib/terms";
import { allKeys } from "./keys";

/** All keys by place, over the explorer. It closes when the focus goes elsewhere; else the focus goes back to where it was. */
export function Help() {
  return useView().local.help.value ? <Panel /> : null;
}

function Panel() {
  const { local } = useView();
  const panel = useRef<HTMLElement>(null);
  const close = () => {
    local.help.value = false;
  };
  useLayoutEffect(() => {
    const element = panel.current;
    if (element === null) return;
    const root = element.getRootNode() as Document | ShadowRoot;
    const before = root.activeElement;
    element.focus();
    return () => {
      if (element.contains(root.activeElement) && before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <section
      ref={panel}
      class="aw-help"
      role="dialog"
      aria-label="Keys and words"
      tabIndex={-1}
      onFocusOut={({ relatedTarget }) => {
        if (relatedTarget instanceof Node && panel.current?.contains(relatedTarget) === false) close();
      }}
    >
      <button
        type="button"
        class="aw-close"
        aria-label="Close the list of keys and words"
        title="Close (Esc)"
        onClick={close}
      />
      <button
        type="button"
        class="aw-link"
        onClick={() => {
          const words = panel.current?.querySelector<HTMLElement>(".aw-help-words");
          if (panel.current !== null && words != null) panel.current.scrollTop = words.offsetTop;
        }}
      >
        What the words mean
      </button>
      <div class="aw-help-columns">
        {allKeys.map(({ name, title, rows }) => (
          <div key={name} class="aw-help-place">
            <h3>{title}</h3>
            <dl>
              {rows.map(({ keys, does }) => (
                <div key={does}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{keyLabel(key)}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </div>
      <Words />
    </section>
  );
}

/** The explorer's own words, and the names of patterns. */
function Words() {
  const metrics = useView().session.about.value?.metrics ?? [];
  const patterns = metrics.filter(({ group }) => group === "pattern");
  const all = [...Object.entries(terms), ...patterns.map(({ title, meaning }) => [title, meaning] as const)];
  return (
    <div class="aw-help-words">
      <h3>Words</h3>
      <dl class="aw-help-columns">
        {all.map(([name, sentence]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{sentence}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

export function HelpButton() {
  const { local } = useView();
  const open = local.help.value;
  return (
    <button
      type="button"
      class="aw-help-button"
      aria-label="Keys and words"
      aria-expanded={open}
      title="All keys and words (?)"
      // The press would take the focus from an open list, and so close it: the click then opened it again.
      onPointerDown={(event) => open && event.preventDefault()}
      onClick={() => {
        local.help.value = !open;
      }}
    >
      ?
    </button>
  );
}
