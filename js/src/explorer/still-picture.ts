import type { View } from "../display/view";
import { type Picture, pictureOf, pngPicture } from "../export/render";
import { palette } from "../lib/colour";
import { viewOf } from "../views/registry";
import type { DrawStill } from "./still";

/**
 * In pixels and bytes: every copy of a notebook carries them, and every commit of it. Written in few colours, as the kernel
 * does, a picture has a third of these bytes or less.
 */
export const bounds = { width: 900, height: 2_000, bytes: 360 * 1024 };

/** A picture that must be smaller than this, of what is on the page, cannot be read. */
const smallest = 0.5;

/** What is on the stage, as it is exported: on a white card, which reads on light and dark pages alike. */
export async function stillPicture(view: View, anyway: boolean): ReturnType<DrawStill> {
  const { name, text } = viewOf(view.session.traits.view.peek());
  if (name === "matrix") return "matrix";
  const { hoverHead, hoverToken } = view.local;
  if (!anyway && (hoverHead.peek() !== null || hoverToken.peek() !== null)) return "pointed";
  try {
    const picture = pictureOf(view, { place: "stage", dark: false, outlined: true });
    if (picture === null) return "later";
    const png = await bounded(edged(picture));
    return png === null ? "matrix" : { png, caption: `${text}: ${picture.title}. ${picture.caption}` };
  } catch {
    return "matrix"; // where the browser gives no canvas
  }
}

/** As large as it may be; null where it could not be read then. */
async function bounded(picture: Picture): Promise<ArrayBuffer | null> {
  const { width, height } = picture.scene;
  let scale = Math.min(1, bounds.width / width, bounds.height / height);
  for (; scale >= smallest; scale *= 0.8) {
    const { blob } = await pngPicture(picture, scale);
    if (blob.size <= bounds.bytes) return blob.arrayBuffer();
  }
  return null;
}

/** With a hairline, without which a white card has no end on a white page. */
function edged(picture: Picture): Picture {
  const { width, height } = picture.scene;
  return {
    ...picture,
    paint: (brush) => {
      picture.paint(brush);
      brush.context.strokeStyle = palette(false, "").hairline;
      brush.context.lineWidth = 1;
      brush.context.strokeRect(0.5, 0.5, width - 1, height - 1);
    },
  };
}
