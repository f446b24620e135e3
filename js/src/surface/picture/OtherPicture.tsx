import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useView } from "../../display/view";

/** The way to another picture: chosen, dropped on the field, or pasted while it has the focus. */
export function OtherPicture({ field }: { readonly field: RefObject<HTMLElement | null> }) {
  const { session } = useView();
  const chooser = useRef<HTMLInputElement>(null);
  const said = useSignal<string | null>(null);
  const reading = useSignal(false);
  const take = async (file: Blob | null | undefined) => {
    if (file == null) return;
    reading.value = true;
    said.value = await session.show(file);
    reading.value = false;
  };
  useEffect(() => {
    const element = field.current;
    if (element === null) return;
    const life = new AbortController();
    const { signal } = life;
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      element.dataset.dropping = "";
    };
    const gone = () => {
      delete element.dataset.dropping;
    };
    const dropped = (event: DragEvent) => {
      gone();
      const file = pictureIn(event.dataTransfer);
      if (file === null) return;
      event.preventDefault();
      event.stopPropagation();
      void take(file);
    };
    const pasted = (event: ClipboardEvent) => {
      const file = pictureIn(event.clipboardData);
      if (file === null) return;
      event.preventDefault();
      event.stopPropagation();
      void take(file);
    };
    element.addEventListener("dragover", over, { signal });
    element.addEventListener("dragleave", gone, { signal });
    element.addEventListener("drop", dropped, { signal });
    element.addEventListener("paste", pasted, { signal });
    return () => life.abort();
  }, [field]);
  return (
    <>
      <p class="aw-picture-note">
        <button
          type="button"
          class="aw-add"
          disabled={session.closed.value || reading.value}
          onClick={() => chooser.current?.click()}
        >
          other picture…
        </button>{" "}
        {reading.value ? "reading it…" : "or drop one here, or paste it"}
      </p>
      <input
        ref={chooser}
        type="file"
        accept="image/*"
        hidden
        aria-label="Another picture"
        onChange={(event) => {
          const { files } = event.currentTarget;
          void take(files?.[0]);
          event.currentTarget.value = "";
        }}
      />
      {said.value !== null && (
        <p class="aw-picture-problem" role="alert">
          {said.value}
        </p>
      )}
    </>
  );
}

/** The first file of what was dropped or pasted, whatever it is: what is no picture is told by the kernel. */
function pictureIn(data: DataTransfer | null): File | null {
  return data?.files[0] ?? null;
}
