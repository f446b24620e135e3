import { xmlNumber as n } from "./text";

/** The path that a context builds, as SVG writes it. */
export class SvgPath {
  #data = "";

  get data(): string {
    return this.#data;
  }

  begin(): void {
    this.#data = "";
  }

  moveTo(x: number, y: number): void {
    this.#data += `M${n(x)} ${n(y)}`;
  }

  lineTo(x: number, y: number): void {
    // As a context has it, a path may begin with a line.
    this.#data += `${this.#data === "" ? "M" : "L"}${n(x)} ${n(y)}`;
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#data += `C${n(x1)} ${n(y1)} ${n(x2)} ${n(y2)} ${n(x)} ${n(y)}`;
  }

  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void {
    this.#data += `Q${n(x1)} ${n(y1)} ${n(x)} ${n(y)}`;
  }

  close(): void {
    if (this.#data !== "") this.#data += "Z";
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#data += `M${n(x)} ${n(y)}h${n(width)}v${n(height)}h${n(-width)}Z`;
  }

  roundRect(x: number, y: number, width: number, height: number, radius: number): void {
    const r = Math.max(0, Math.min(radius, width / 2, height / 2));
    if (!(r > 0)) {
      this.rect(x, y, width, height);
      return;
    }
    const arc = (dx: number, dy: number) => `a${n(r)} ${n(r)} 0 0 1 ${n(dx)} ${n(dy)}`;
    this.#data += `M${n(x + r)} ${n(y)}h${n(width - 2 * r)}${arc(r, r)}v${n(height - 2 * r)}${arc(-r, r)}`;
    this.#data += `h${n(2 * r - width)}${arc(-r, -r)}v${n(2 * r - height)}${arc(r, -r)}Z`;
  }

  arc(x: number, y: number, radius: number, from: number, to: number, backwards = false): void {
    const sweep = backwards ? from - to : to - from;
    const whole = sweep >= 2 * Math.PI;
    const at = (angle: number) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
    const sign = backwards ? -1 : 1;
    const extent = whole ? 2 * Math.PI : ((sweep % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI);
    // Two halves: an arc that ends where it begins would be nothing.
    const stops = [from + (sign * extent) / 2, from + sign * extent];
    this.lineTo(...at(from));
    for (const angle of stops) {
      const [toX, toY] = at(angle);
      this.#data += `A${n(radius)} ${n(radius)} 0 0 ${backwards ? 0 : 1} ${n(toX)} ${n(toY)}`;
    }
  }
}
