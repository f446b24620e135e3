import { bitmap } from "../display/Canvas";
import type { Images } from "./svg/brush";

/** Pixels of images for the pen that writes SVG. */
export const images: Images = {
  bitmap,
  isPhoto: (image) => typeof ImageBitmap !== "undefined" && image instanceof ImageBitmap,
  pixels: (image, x, y, width, height) => {
    const [across, down] = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
    const canvas = document.createElement("canvas");
    canvas.width = across;
    canvas.height = down;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) return { width: 0, height: 0, data: new Uint8ClampedArray() };
    context.imageSmoothingEnabled = false;
    context.drawImage(image, x, y, width, height, 0, 0, across, down);
    return { width: across, height: down, data: context.getImageData(0, 0, across, down).data };
  },
  png: (pixels) => bitmap(pixels).toDataURL("image/png"),
};
