// Copies what the pages need of the npm packages to web/static/vendor; run by `npm run build` at set-up.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");
const modules = path.join(root, "node_modules");
const vendor = path.join(root, "web/static/vendor");
const FONT = "be-vietnam-pro";
const WEIGHTS = [400, 600]; // text and emphasis: each more costs a phone 34 kB
const SUBSETS = ["vietnamese", "latin"];

async function scripts() {
  await copyFile(path.join(modules, "htmx.org/dist/htmx.min.js"), path.join(vendor, "htmx.js"));
  await copyFile(path.join(modules, "idiomorph/dist/idiomorph-ext.min.js"), path.join(vendor, "idiomorph.js"));
}

async function fonts() {
  const source = path.join(modules, "@fontsource", FONT);
  const ranges = JSON.parse(await readFile(path.join(source, "unicode.json"), "utf8"));
  const faces = [];
  for (const weight of WEIGHTS) {
    for (const subset of SUBSETS) {
      const file = `${FONT}-${subset}-${weight}-normal.woff2`;
      await copyFile(path.join(source, "files", file), path.join(vendor, file));
      faces.push(
        `@font-face{font-family:"Be Vietnam Pro";font-style:normal;font-display:swap;font-weight:${weight};` +
          `src:url(${file}) format("woff2");unicode-range:${ranges[subset]}}`,
      );
    }
  }
  await writeFile(path.join(vendor, "fonts.css"), faces.join("\n") + "\n");
}

async function icons() {
  const list = await readFile(path.join(here, "icons.txt"), "utf8");
  const names = list.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const symbols = [];
  for (const name of names) {
    const svg = await readFile(path.join(modules, "lucide-static/icons", `${name}.svg`), "utf8");
    const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`);
  }
  await writeFile(
    path.join(vendor, "icons.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`,
  );
}

await rm(vendor, { recursive: true, force: true });
await mkdir(vendor, { recursive: true });
await Promise.all([scripts(), fonts(), icons()]);
