import type { ComponentChildren, RefObject } from "preact";
import { useId, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Canvas, useGround } from "../display/Canvas";
import { useFigure } from "../display/figures";
import { Spoken } from "../display/Spoken";
import { pointIn } from "../display/steering";
import { clearHover, commonKey, useRoom, useView, type View } from "../display/view";
import { effectRecipe } from "../focus/effect-words";
import { accent } from "../lib/colour";
import { holds, joined } from "../session/look";
import { nearestHead, nextLayer } from "../session/nearest-head";
import type { HeadRef } from "../session/places";
import type { Session } from "../session/session";
import { openAlone } from "./FoundList";
import { metricShown, titleOf } from "./metrics";
import { type GridPicture, paintCells, paintGrid, paintHeads, paintPointed } from "./paint";
import { scaleNote, shadesIn, thumbnailsIn, together } from "./picture";
import {
  aroundGrid,
  type GridRoom,
  type GridScene,
  gridBeside,
  gridScene,
  headAt,
  heightInSight,
  sightOf,
  tallestBeside,
} from "./scene";
import { changeShown, effectsShown, searchOf } from "./search";
import { shadeAt } from "./shades";
import { useHeadPicture } from "./use-picture";
import { pooled } from "./words";

const grown: GridRoom = { largest: 160, height: 700, fair: 56, inSight: 3 };

/** Around what is scrolled, for the ring of focus (style/fit.css). */
const ringRoom = 6;

interface Props {
  /** Grown to the stage. */
  readonly large?: boolean;
  /** What floats over it. */
  readonly over?: (scene: GridScene) => ComponentChildren;
}

/** Every head at once: layers downwards, heads to the right. */
export function HeadGrid({ large = false, over }: Props) {
  const view = useView();
  const { session, local, derived } = view;
  const host = useRef<HTMLDivElement>(null);
  const { width, room } = useGridRoom(host, large);
  const id = useId();
  const heads = session.heads.value;
  const scene = useMemo(() => gridScene(heads, width, room), [heads, width, room]);
  const pinned = session.clampedHead();
  const spoken = derived.head.value ?? pinned;
  const colours = view.palette.value;
  const frame = session.shown.value?.frame;
  const direction = frame?.header.direction ?? "reads";
  const picture = useHeadPicture(view);
  const told = shadeAt(picture.shades, spoken.layer, spoken.head);
  const said = told === null ? "" : `: ${told.said}`;
  const { image, shades, kept } = picture;
  const cells = useGround(width, scene.height, [scene, image, shades, kept, colours], (brush) =>
    paintCells(brush, scene, picture, colours),
  );
  useFigure(large ? "stage" : "heads", ({ palette, outlined }) => {
    if (frame?.thumbnails == null || width === 0) return null;
    const strong = accent(palette, direction).strong;
    const pointed = {
      pinned: outlined ? picture.pinned : null,
      together: outlined ? together(session, palette.dark) : [],
      hovered: null,
    };
    const inks = {
      ...thumbnailsIn(frame, derived.scale.peek(), palette),
      shades: shadesIn(session, palette),
    };
    const drawn = { ...picture, ...pointed, ...inks, strong };
    const change = changeShown(session);
    const known = effectsShown(session);
    const by =
      known !== null
        ? "effect"
        : change === null
          ? titleOf(session, searchOf(session).by.value)
          : change.name;
    const recipe = known === null ? ((change ?? metricShown(session))?.recipe ?? "") : effectRecipe(known);
    return {
      name: "grid",
      title: inks.shades === null ? "All heads" : `All heads by ${by}`,
      width: scene.left + Math.max(...heads) * scene.pitch + 3,
      height: scene.height,
      caption:
        inks.shades === null
          ? `Every head: layers downwards, heads to the right${pooled(frame)}, ${scaleNote(derived.scale.peek())}.`
          : `Every head: ${recipe}.`,
      direction,
      full: null,
      paint: (brush) => paintGrid(brush, scene, drawn, palette),
    };
  });
  const scroller = useRef<HTMLDivElement>(null);
  useSight(scroller, scene, pinned.layer);
  const deep = scene.height > room.height;
  return (
    <div
      ref={scroller}
      class="aw-grid-scroll"
      style={{ maxHeight: `${heightInSight(scene, room.height, ringRoom)}px` }}
      data-deep={deep || undefined}
    >
      <div
        ref={host}
        class="aw-grid"
        role="grid"
        tabIndex={0}
        aria-label={label(heads)}
        aria-activedescendant={id}
        data-layer={pinned.layer}
        data-head={pinned.head}
        data-large={large || undefined}
        data-shade={shadeName(session, picture)}
        data-kept={picture.kept?.size}
        data-chosen={chosenNames(session)}
        onPointerMove={(event) => hover(view, scene, event)}
        onPointerLeave={() => {
          local.hoverHead.value = null;
        }}
        onClick={(event) => pin(view, scene, event)}
        onDblClick={(event) => alone(view, scene, event)}
        onKeyDown={(event) => steer(view, heads, event)}
      >
        <Spoken id={id}>{`Layer ${spoken.layer} head ${spoken.head}${said}`}</Spoken>
        {deep && width > 0 && (
          <div class="aw-grid-heads" style={{ marginBottom: `${-scene.top}px` }}>
            <Canvas
              width={width}
              height={scene.top}
              paint={(brush) => paintHeads(brush, scene, picture, colours)}
            />
          </div>
        )}
        {width > 0 && heads.length > 0 && (
          <Canvas
            width={width}
            height={scene.height}
            paint={(brush) => {
              cells(brush);
              paintPointed(brush, scene, picture, colours);
            }}
          />
        )}
        {over?.(scene)}
      </div>
    </div>
  );
}

/** As high as its column leaves it, or the stage. */
function useGridRoom(host: RefObject<HTMLDivElement | null>, large: boolean) {
  const { width, tallest } = useRoom(host, large ? ".aw-grid-room" : ".aw-heads");
  const { columns, narrow } = useView().layout.value;
  const height =
    tallest === undefined
      ? large
        ? grown.height
        : tallestBeside[columns]
      : tallest - (large ? 0 : aroundGrid[narrow ? "narrow" : "wide"]);
  const room = useMemo(
    () => ({ ...(large ? grown : gridBeside), height: Math.max(96, height) }),
    [large, height],
  );
  return { width, room };
}

/** Brings the chosen head into sight; where somebody has scrolled to stays until another one is chosen. */
function useSight(scroller: RefObject<HTMLDivElement | null>, scene: GridScene, layer: number): void {
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current !== null)
      current.scrollTop = sightOf(scene, layer, current.scrollTop, current.clientHeight - ringRoom);
  }, [scroller, layer, scene.height]);
}

function shadeName(session: Session, { shades }: GridPicture): string {
  if (shades == null) return "maps";
  if (effectsShown(session) !== null) return "effect";
  return changeShown(session) === null ? searchOf(session).by.value : "change";
}

function chosenNames(session: Session): string | undefined {
  if (session.source.value !== "head") return undefined;
  return session
    .chosenHeads()
    .map(([layer, head]) => `L${layer}H${head}`)
    .join(" ");
}

function label(heads: readonly number[]): string {
  const without = heads.filter((count) => count === 0).length;
  const silent = without === 0 ? "" : `, ${without} without attention`;
  return `Heads: ${heads.length} layers, ${Math.max(0, ...heads)} heads${silent}`;
}

function under(scene: GridScene, event: MouseEvent) {
  const { x, y } = pointIn(event);
  return headAt(scene, x, y);
}

function hover({ local, session }: View, scene: GridScene, event: PointerEvent): void {
  const found = under(scene, event);
  // One of several that are chosen is on show already, with the others.
  const chosen = session.source.peek() === "head" ? session.chosenHeads() : [];
  const among = found !== null && chosen.length > 1 && holds(chosen, found.layer, found.head);
  const head = among ? null : found;
  const known = local.hoverHead.peek();
  if (head?.layer === known?.layer && head?.head === known?.head) return;
  local.hoverHead.value = head;
}

function pin({ session, local }: View, scene: GridScene, event: MouseEvent): void {
  const head = under(scene, event);
  if (head === null) return;
  if (event.shiftKey) {
    local.hoverHead.value = null;
    session.toggleHead(head.layer, head.head);
  } else session.pinHead(head.layer, head.head);
}

function alone(view: View, scene: GridScene, event: MouseEvent): void {
  const head = under(scene, event);
  if (head !== null && view.session.traits.view.peek() === "model") openAlone(view, head);
}

function steer(view: View, heads: readonly number[], event: KeyboardEvent): void {
  const { session, local } = view;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { layer, head } = session.clampedHead();
  const last = (heads[layer] ?? 1) - 1;
  const moves: Readonly<Record<string, HeadRef>> = {
    ArrowLeft: { layer, head: Math.max(0, head - 1) },
    ArrowRight: { layer, head: Math.min(last, head + 1) },
    ArrowUp: { layer: nextLayer(heads, layer, -1), head },
    ArrowDown: { layer: nextLayer(heads, layer, 1), head },
    Home: { layer, head: 0 },
    End: { layer, head: last },
  };
  const move = moves[event.key];
  if (move !== undefined) {
    local.hoverHead.value = null;
    if (event.shiftKey) reach(session, move);
    else session.pinHead(move.layer, move.head);
  } else if (!event.shiftKey && (event.key === "Enter" || event.key === " ")) pinFocused(view);
  else if (event.key === "Escape") goBack(view);
  else if (!commonKey(view, event)) return;
  event.preventDefault();
}

/** One head further, which joins those that are looked at; back over one that has joined, the last one leaves again. */
function reach(session: Session, wish: HeadRef): void {
  const { layer, head } = nearestHead(session.heads.peek(), wish.layer, wish.head);
  const now = session.clampedHead();
  if (layer === now.layer && head === now.head) return;
  const back = session.traits.heads.peek().at(-2);
  if (back?.[0] === layer && back[1] === head) session.toggleHead(now.layer, now.head);
  else session.toggleHead(layer, head, joined);
}

/** Back to what is pinned; and of several heads that are, to the last one. */
function goBack(view: View): void {
  const { session, local } = view;
  const { layer, head } = session.clampedHead();
  if (local.hoverHead.peek() === null && session.chosenHeads().length > 1) session.pinHead(layer, head);
  clearHover(view);
}

function pinFocused({ session, derived }: View): void {
  const { layer, head } = derived.head.peek() ?? session.clampedHead();
  session.pinHead(layer, head);
}
