import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useView } from "../../display/view";

interface Props {
  readonly field: RefObject<HTMLElement | null>;
  /** What stands in the field. */
  readonly of: "picture" | "sound" | "video";
}

const accepted = {
  picture: "image/*",
  sound: "audio/*,.wav",
  video: "image/gif,image/webp,image/png",
} as const;

/** The way to another picture, sound or video: chosen, dropped on the field, or pasted while it has the focus. */
export function OtherFile({ field, of }: Props) {
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
      const file = fileIn(event.dataTransfer);
      if (file === null) return;
      event.preventDefault();
      event.stopPropagation();
      void take(file);
    };
    const pasted = (event: ClipboardEvent) => {
      const file = fileIn(event.clipboardData);
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
      <span class="aw-other-file">
        <button
          type="button"
          class="aw-add"
          disabled={session.closed.value || reading.value}
          onClick={() => chooser.current?.click()}
        >
          other {of}…
        </button>{" "}
        {reading.value ? "reading it…" : "or drop one here, or paste it"}
      </span>
      <input
        ref={chooser}
        type="file"
        accept={accepted[of]}
        hidden
        aria-label={`Another ${of}`}
        onChange={(event) => {
          const { files } = event.currentTarget;
          void take(files?.[0]);
          event.currentTarget.value = "";
        }}
      />
      {said.value !== null && (
        <span class="aw-file-problem" role="alert">
          {said.value}
        </span>
      )}
    </>
  );
}

/** The first file of what was dropped or pasted, whatever it is: what cannot be read is told by the kernel. */
function fileIn(data: DataTransfer | null): File | null {
  return data?.files[0] ?? null;
}
