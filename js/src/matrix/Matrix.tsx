import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Canvas } from "../display/Canvas";
import { type Data, dataAttributes } from "../display/data-attributes";
import { useGuard } from "../display/guard";
import { Spoken } from "../display/Spoken";
import { clearHover, useView, type View } from "../display/view";
import { beyondOf, revealed } from "./beyond";
import type { Glide } from "./glide";
import { type Steered, steerMatrix } from "./input";
import { type MatrixPicture, paintMatrix } from "./paint";
import type { MatrixScene } from "./scene";
import "./style.css";

interface Props {
  /** Of the view. */
  readonly name: string;
  readonly label: string;
  /** What the cell that is looked at says to those who do not see it. */
  readonly spoken: string;
  /** For tests and the style sheet. */
  readonly data: Data;
  readonly busy?: boolean;
  readonly host: RefObject<HTMLDivElement | null>;
  readonly scene: MatrixScene | null;
  readonly picture: MatrixPicture | null;
  readonly steered: Steered;
  /** What floats over it. */
  readonly over?: ComponentChildren;
}

/** A map that takes pointer, wheel, fingers and keys, and describes its cell: queries downwards, keys to the right. */
export function Matrix({ name, host, scene, picture, ...props }: Props) {
  const view = useView();
  const id = useId();
  const glide = useSteering(host, view, props.steered);
  const { shown } = view.session;
  useFollowing(glide, props.steered, `${shown.value?.text}\n${shown.value?.pair}`);
  return (
    <div
      ref={host}
      class={`aw-${name} aw-map`}
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-keyshortcuts="+ - 0"
      aria-activedescendant={id}
      aria-busy={props.busy}
      {...dataAttributes(props.data)}
      data-extent={scene?.zoomed ? [...scene.rows, ...scene.columns].join(" ") : undefined}
      onBlur={() => clearHover(view)}
    >
      <Spoken id={id}>{props.spoken}</Spoken>
      {scene !== null && picture !== null && scene.width > 0 && (
        <Canvas
          width={scene.width}
          height={scene.height}
          paint={(brush) => paintMatrix(brush, scene, picture, view.palette.value)}
        />
      )}
      {props.over}
    </div>
  );
}

function useSteering(
  host: { readonly current: HTMLDivElement | null },
  view: View,
  steered: Steered,
): { readonly current: Glide | null } {
  const newest = useRef(steered);
  const glide = useRef<Glide>(null);
  const guard = useGuard();
  newest.current = steered;
  useEffect(() => {
    if (host.current === null) return;
    const life = new AbortController();
    glide.current = steerMatrix(host.current, view, () => newest.current, life.signal, guard);
    return () => life.abort();
  }, [view]);
  return glide;
}

/** Another query of the same text comes into sight of a zoomed map, wherever it was chosen. Who writes is not followed. */
function useFollowing(
  glide: { readonly current: Glide | null },
  { scene, pinned = null }: Steered,
  text: string,
): void {
  const before = useRef<string | null>(null);
  useEffect(() => {
    const same = before.current === text;
    before.current = text;
    if (!same || scene === null || pinned === null || beyondOf(scene, [pinned]).length === 0) return;
    glide.current?.to(revealed(pinned, scene), scene);
  }, [text, pinned?.side, pinned?.place]);
}
