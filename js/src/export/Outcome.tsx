import { useEffect, useRef, useState } from "preact/hooks";

/** What came of it. Where the browser barred the way, the thing itself, for the person to take. */
export interface Handed {
  readonly message: string;
  readonly failed?: boolean;
  readonly text?: string;
  readonly picture?: Blob;
}

/** What came of something that did not go well, in its own words. */
export function failure(error: unknown): Handed {
  return { failed: true, message: error instanceof Error ? error.message : String(error) };
}

export function Outcome({ handed }: { readonly handed: Handed | null }) {
  return (
    <div class="aw-export-outcome">
      <p role="status" data-failed={handed?.failed || undefined}>
        {handed?.message}
      </p>
      {handed?.text !== undefined && <Selected text={handed.text} />}
      {handed?.picture !== undefined && <Shown picture={handed.picture} />}
    </div>
  );
}

function Selected({ text }: { readonly text: string }) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    area.current?.focus();
    area.current?.select();
  }, [text]);
  return <textarea ref={area} readOnly rows={5} aria-label="Text to copy" value={text} />;
}

function Shown({ picture }: { readonly picture: Blob }) {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(picture);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return address === null ? null : <img src={address} alt="The picture; right-click to save it" />;
}
