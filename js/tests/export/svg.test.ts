// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { Brush, Pen } from "../../src/drawing/brush";
import { type Images, svgOf } from "../../src/export/svg/brush";
import { runsOf } from "../../src/export/svg/image";
import { SvgPath } from "../../src/export/svg/path";
import { xmlNumber, xmlText } from "../../src/export/svg/text";
import { palette } from "../../src/lib/colour";
import { paintMatrix } from "../../src/matrix/paint";
import { matrixScene } from "../../src/matrix/scene";
import { paintLayers } from "../../src/views/layers/paint";
import { layersScene } from "../../src/views/layers/scene";
import { placeLineEnds } from "../../src/views/lines/labels-scene";
import { paintLineLabels, paintStrong } from "../../src/views/lines/paint";
import { linesFrame, unscrolled } from "../../src/views/lines/scene";

const hostile = [
  "</svg><script>alert(1)</script>",
  "]]>",
  "<!--",
  "&amp;&lt;",
  "\"'><image href=x onerror=y>",
  "\u0000\u0001\u001b\u007f",
  "half \ud800 a pair",
  "\udc00",
  "\ufffe\uffff",
  "\u202e turned \u2066",
  "👩‍👩‍👧‍👦",
  "line\r\nend\ttab",
];

/** Images whose pixels are a chequered board. */
const board = (side: number): Images => ({
  bitmap: () => ({}) as never,
  pixels: (_image, _x, _y, width, height) => {
    const data = new Uint8ClampedArray(width * height * 4);
    for (let at = 0; at < width * height; at++) {
      const dark = (Math.floor(at / side) + (at % side)) % 2 === 0;
      data.set([dark ? 10 : 250, 100, 50, 255], at * 4);
    }
    return { width, height, data };
  },
  isPhoto: () => false,
  png: () => "data:image/png;base64,AAAA",
});

const sheet = { width: 400, height: 300, id: "t", title: "A title", description: "words", ground: "#ffffff" };
const colours = palette(false, '"A Font", sans-serif');

function draw(paint: (pen: Pen, brush: Brush) => void, images = board(3), change = {}): string {
  return svgOf({ ...sheet, ...change }, images, (brush) => paint(brush.context, brush));
}

/** What a parser makes of it; fails where it is not well-formed. */
function parse(svg: string): Element {
  const found = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(found.querySelector("parsererror"), svg.slice(0, 400)).toBeNull();
  // The parser of this test page is forgiving where XML is not.
  expect(svg).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
  expect(svg).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  expect(found.documentElement.localName).toBe("svg");
  return found.documentElement;
}

function numbersOf(root: Element): number[] {
  const names = ["d", "x", "y", "width", "height", "transform", "font-size", "stroke-dasharray", "opacity"];
  return [...root.querySelectorAll("*")].flatMap((element) =>
    names.flatMap((name) =>
      (element.getAttribute(name) ?? "")
        .split(/[^\d.eE+-]+|(?<=\d)(?=-)/)
        .filter((part) => /\d/.test(part))
        .map(Number),
    ),
  );
}

describe("text in SVG", () => {
  it.each(hostile)("%j is nothing but text", (text) => {
    const svg = draw((pen) => pen.fillText(text, 1, 2), board(3), { title: text, description: text });
    const root = parse(svg);
    expect([...root.children].map(({ localName }) => localName)).toEqual(["title", "desc", "rect", "text"]);
    const plain = text.replace(/[\t\n\r]/g, " ");
    expect(root.querySelector("text")?.textContent).toBe(
      plain.replace(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd"),
    );
  });

  it("stands where the context would put it", () => {
    const text = (set: Partial<Pen>) => {
      const svg = draw((pen) => {
        Object.assign(pen, { font: `600 10px ${colours.font}`, ...set });
        pen.fillText("a", 5, 20);
      });
      return parse(svg).querySelector("text");
    };
    expect(text({})?.getAttribute("text-anchor")).toBeNull();
    expect(text({ textAlign: "right" })?.getAttribute("text-anchor")).toBe("end");
    expect(text({ textAlign: "center" })?.getAttribute("text-anchor")).toBe("middle");
    expect(text({})?.getAttribute("y")).toBe("20");
    expect(Number(text({ textBaseline: "middle" })?.getAttribute("y"))).toBeCloseTo(22.7);
    expect(text({})?.getAttribute("font-family")).toBe('"A Font", sans-serif');
    expect(text({})?.getAttribute("font-weight")).toBe("600");
  });

  it("keeps numbers short, and never writes what is none", () => {
    expect([1 / 3, -0.001, 1e-9, 12345.678, Number.NaN, Number.POSITIVE_INFINITY].map(xmlNumber)).toEqual([
      "0.33",
      "0",
      "0",
      "12345.68",
      "0",
      "0",
    ]);
    expect(xmlText("a<b")).toBe("a&lt;b");
  });
});

describe("the pen", () => {
  it("closes every group that clips, and goes back to what was saved", () => {
    const svg = draw((pen) => {
      pen.fillStyle = "red";
      pen.save();
      pen.fillStyle = "blue";
      pen.translate(3, 4);
      pen.beginPath();
      pen.rect(0, 0, 10, 10);
      pen.clip();
      pen.beginPath();
      pen.rect(1, 1, 2, 2);
      pen.clip();
      pen.fillRect(0, 0, 1, 1);
      pen.restore();
      pen.fillRect(0, 0, 2, 2);
    });
    const root = parse(svg);
    const [ground, inside, after] = [...root.querySelectorAll("rect")];
    expect(ground?.getAttribute("fill")).toBe("#ffffff");
    expect(inside?.getAttribute("fill")).toBe("blue");
    expect(inside?.getAttribute("transform")).toBe("translate(3 4)");
    expect(inside?.parentElement?.parentElement?.getAttribute("clip-path")).toBe("url(#t-1)");
    expect(after?.getAttribute("fill")).toBe("red");
    expect(after?.parentElement).toBe(root);
    expect(root.querySelectorAll("clipPath").length).toBe(2);
  });

  it("turns about a moved place", () => {
    const svg = draw((pen) => {
      pen.translate(10, 20);
      pen.rotate(Math.PI / 2);
      pen.fillRect(1, 2, 3, 4);
    });
    expect(parse(svg).querySelectorAll("rect")[1]?.getAttribute("transform")).toBe("matrix(0 1 -1 0 10 20)");
  });

  it("dashes, thins and fades what the context would", () => {
    const svg = draw((pen) => {
      pen.setLineDash([3, 4]);
      pen.lineWidth = 1.5;
      pen.globalAlpha = 0.25;
      pen.beginPath();
      pen.moveTo(0, 0);
      pen.bezierCurveTo(1, 2, 3, 4, 5, 6);
      pen.stroke();
    });
    const path = parse(svg).querySelector("path");
    const look = ["d", "stroke-dasharray", "stroke-width", "opacity", "fill"].map((name) =>
      path?.getAttribute(name),
    );
    expect(look).toEqual(["M0 0C1 2 3 4 5 6", "3 4", "1.5", "0.25", "none"]);
  });

  it("rounds corners no more than there is room for", () => {
    const path = new SvgPath();
    path.roundRect(0, 0, 4, 20, 9);
    expect(path.data).toContain("a2 2 0 0 1 2 2");
    path.begin();
    path.arc(10, 10, 5, 0, 2 * Math.PI);
    expect(path.data).toBe("M15 10A5 5 0 0 1 5 10A5 5 0 0 1 15 10");
  });
});

describe("pixels in SVG", () => {
  const image = {} as never;

  it("are rectangles up to 64 x 64, and one image above", () => {
    const of = (side: number) =>
      draw((pen) => pen.drawImage(image, 0, 0, side, side, 0, 0, 100, 100), board(side));
    expect(of(64).match(/<rect x/g)?.length).toBe(64 * 64);
    expect(of(64)).not.toContain("<image");
    expect(of(65)).not.toContain("<rect x");
    const large = parse(of(65)).querySelector("image");
    expect(large?.getAttribute("href")).toBe("data:image/png;base64,AAAA");
    expect(large?.getAttribute("preserveAspectRatio")).toBe("none");
  });

  it("become images where many small ones would be too much", () => {
    const svg = draw((pen) => {
      for (let index = 0; index < 20; index++) pen.drawImage(image, 0, 0, 32, 32, index * 2, 0, 2, 2);
    }, board(32));
    expect(svg.match(/<rect x/g)?.length).toBe(16 * 32 * 32);
    expect(svg.match(/<image /g)?.length).toBe(20 - 16);
  });

  it("of one colour run together, and what is transparent is not there", () => {
    const data = new Uint8ClampedArray([1, 2, 3, 255, 1, 2, 3, 255, 0, 0, 0, 0, 255, 0, 0, 255]);
    expect(runsOf({ width: 4, height: 1, data })).toEqual([
      { x: 0, y: 0, length: 2, colour: "#010203", opacity: 1 },
      { x: 3, y: 0, length: 1, colour: "#ff0000", opacity: 1 },
    ]);
  });
});

describe("the painters", () => {
  const labels = ["The", ...hostile];
  const measure = (text: string) => text.length * 6;
  const image = {} as never;
  const look = { full: 1, least: 0.01, ramp: colours.reads.ramp, strong: colours.reads.strong };

  it("write a matrix, its labels as text", () => {
    const scene = matrixScene({
      labels,
      width: 500,
      measure,
      direction: "reads",
      query: [1, 2],
      focus: [2, 3],
      cell: { query: 1, key: 1 },
      strong: [0],
    });
    const count = labels.length;
    const picture = {
      ...look,
      image,
      rows: count,
      columns: count,
      queriesEach: 1,
      keysEach: 1,
      printed: () => 0.25,
    };
    const root = parse(draw((_pen, brush) => paintMatrix(brush, scene, picture, colours), board(count)));
    const written = [...root.querySelectorAll("text")].map(({ textContent }) => textContent);
    for (const text of ["The", "]]>", "query ↓", "</svg><script>alert(1)</script>"])
      expect(written).toContain(text);
    const numbers = numbersOf(root);
    expect(numbers.length).toBeGreaterThan(500);
    expect(numbers.every(Number.isFinite)).toBe(true);
  });

  it("write layers, turned and not", () => {
    for (const width of [300, 1200]) {
      const scene = layersScene({
        labels: Array.from({ length: 30 }, (_, index) => labels[index % labels.length] ?? ""),
        layers: 4,
        silent: new Set([2]),
        width,
        offset: 0,
        query: [3, 4],
        pinnedLayer: 1,
        cell: null,
        strong: [],
        measure,
      });
      expect(scene.turned).toBe(width === 300);
      const picture = { ...look, image, printed: () => 0.5, sinks: [new Set([0])] };
      const root = parse(draw((_pen, brush) => paintLayers(brush, scene, picture, colours), board(4)));
      expect(numbersOf(root).every(Number.isFinite)).toBe(true);
    }
  });

  it("write lines and the tokens beside them, shortened where they do not fit", () => {
    const frame = linesFrame({
      queries: labels.length,
      keys: labels.length,
      width: 400,
      offsets: unscrolled,
      widest: 400,
    });
    const end = {
      sink: false,
      way: null,
      tone: 0.5,
      number: "0.250",
      ring: 0,
      focus: false,
      query: false,
      marked: false,
      side: "key",
    } as const;
    const ends = placeLineEnds(
      frame,
      labels.map((text, token) => ({ ...end, text, token })),
      measure,
    );
    for (const { x, width, numberX } of ends) {
      expect(x + width).toBeLessThan(frame.width);
      expect(numberX).toBeLessThan(frame.width - 20);
    }
    // What is looked at is written strong, and its box is as wide as that.
    const wide = (text: string, strong: boolean) => measure(text) + (strong ? 5 : 0);
    const [plain, looked] = placeLineEnds(
      frame,
      [false, true].map((focus) => ({ ...end, focus, text: "a", token: 0 })),
      wide,
    );
    expect((looked?.width ?? 0) - (plain?.width ?? 0)).toBe(5);
    const curve = { from: 10, to: 50, tone: 1, kind: "sink", direction: "reads" } as const;
    const root = parse(
      draw((_pen, brush) => {
        paintStrong(brush, frame, [curve], null, colours);
        paintLineLabels(brush, frame, ends, "reads", colours);
      }),
    );
    expect(root.querySelector("path")?.getAttribute("stroke-dasharray")).toBe("3 4");
    expect(root.querySelectorAll("text").length).toBe(2 * labels.length);
  });
});
