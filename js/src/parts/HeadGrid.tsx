import { useId, useMemo, useRef } from "preact/hooks";
import { type GridScene, gridScene, headAt } from "../layout/grid";
import { accent, type Palette } from "../lib/colour";
import { paintGrid } from "../paint/grid";
import { thumbnailPixels } from "../paint/pixels";
import { type Frame, nextLayer } from "../state";
import { bitmap, Canvas } from "./Canvas";
import { useFigure } from "./figures";
import { Spoken } from "./Spoken";
import { clearHover, commonKey, useView, useWidth, type View } from "./view";

/** Every head at once: layers downwards, heads to the right. */
export function HeadGrid() {
  const view = useView();
  const { session, local, derived } = view;
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const id = useId();
  const heads = session.heads.value;
  const scene = useMemo(() => gridScene(heads, width), [heads, width]);
  const pinned = session.clampedHead();
  const spoken = derived.head.value ?? pinned;
  const single = session.source.value === "head";
  const colours = view.palette.value;
  const frame = session.shown.value?.frame;
  const image = useMemo(() => thumbnails(frame, colours), [frame, colours]);
  const direction = frame?.header.direction ?? "reads";
  const picture = {
    ...image,
    pinned: single ? pinned : null,
    hovered: local.hoverHead.value,
    wholeLayer: session.source.value === "layer" ? pinned.layer : null,
    strong: accent(colours, direction).strong,
  };
  useFigure("heads", ({ palette, outlined }) => {
    if (frame?.thumbnails == null || width === 0) return null;
    const strong = accent(palette, direction).strong;
    const pointed = { pinned: outlined ? picture.pinned : null, hovered: null };
    const drawn = { ...picture, ...pointed, ...thumbnails(frame, palette), strong };
    return {
      name: "heads",
      title: "All heads",
      width: scene.left + Math.max(...heads) * scene.pitch + 3,
      height: scene.height,
      caption:
        "Every head: layers downwards, heads to the right; sampled queries, strongest keys, square-root tone.",
      direction,
      peak: null,
      paint: (brush) => paintGrid(brush, scene, drawn, palette),
    };
  });
  return (
    <div
      ref={host}
      class="aw-grid"
      role="grid"
      tabIndex={0}
      aria-label={label(heads)}
      aria-activedescendant={id}
      data-layer={pinned.layer}
      data-head={pinned.head}
      onPointerMove={(event) => hover(view, scene, event)}
      onPointerLeave={() => {
        local.hoverHead.value = null;
      }}
      onClick={(event) => pin(view, scene, event)}
      onKeyDown={(event) => steer(view, heads, event)}
    >
      <Spoken id={id}>{`Layer ${spoken.layer} head ${spoken.head}`}</Spoken>
      {width > 0 && heads.length > 0 && (
        <Canvas
          width={width}
          height={scene.height}
          paint={(brush) => paintGrid(brush, scene, picture, colours)}
        />
      )}
    </div>
  );
}

function label(heads: readonly number[]): string {
  const without = heads.filter((count) => count === 0).length;
  const silent = without === 0 ? "" : `, ${without} without attention`;
  return `Heads: ${heads.length} layers, ${Math.max(0, ...heads)} heads${silent}`;
}

function thumbnails(
  frame: Frame | undefined,
  palette: Palette,
): { image: CanvasImageSource | null; side: number } {
  if (frame?.thumbnails == null) return { image: null, side: 0 };
  const [layers = 0, heads = 0, side = 0] = frame.thumbnails.shape;
  const { ramp } = accent(palette, frame.header.direction);
  const pixels = thumbnailPixels(frame.thumbnails.data, [layers, heads, side], frame.header.causal, ramp);
  return { image: bitmap(heads * side, layers * side, pixels), side };
}

function under(scene: GridScene, event: MouseEvent) {
  const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return headAt(scene, event.clientX - left, event.clientY - top);
}

function hover({ local }: View, scene: GridScene, event: PointerEvent): void {
  const head = under(scene, event);
  const known = local.hoverHead.peek();
  if (head?.layer === known?.layer && head?.head === known?.head) return;
  local.hoverHead.value = head;
}

function pin({ session }: View, scene: GridScene, event: MouseEvent): void {
  const head = under(scene, event);
  if (head !== null) session.pinHead(head.layer, head.head);
}

function steer(view: View, heads: readonly number[], event: KeyboardEvent): void {
  const { session, local } = view;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { layer, head } = session.clampedHead();
  const last = (heads[layer] ?? 1) - 1;
  const moves: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => session.pinHead(layer, Math.max(0, head - 1)),
    ArrowRight: () => session.pinHead(layer, Math.min(last, head + 1)),
    ArrowUp: () => session.pinHead(nextLayer(heads, layer, -1), head),
    ArrowDown: () => session.pinHead(nextLayer(heads, layer, 1), head),
    Home: () => session.pinHead(layer, 0),
    End: () => session.pinHead(layer, last),
    Enter: () => pinFocused(view),
    " ": () => pinFocused(view),
    Escape: () => clearHover(view),
  };
  const move = event.shiftKey ? undefined : moves[event.key];
  if (move === undefined) {
    if (commonKey(view, event)) event.preventDefault();
    return;
  }
  if (event.key.startsWith("Arrow")) local.hoverHead.value = null;
  move();
  event.preventDefault();
}

function pinFocused({ session, derived }: View): void {
  const { layer, head } = derived.head.peek() ?? session.clampedHead();
  session.pinHead(layer, head);
}
