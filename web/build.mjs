// Bundles the page into dist/: one script, one style sheet, one document, one icon.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm } from "node:fs/promises";

// abcjs writes style attributes, which the page's policy forbids; the same through the style object is allowed. The style
// sheet that it adds is for dragging notes, which the page does not do.
const styleObjects = {
  name: "style-objects",
  setup(build) {
    build.onLoad({ filter: /abcjs[\\/]src[\\/].*\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const call = /([\w.]+)\.setAttribute\((['"])style\2,\s*(.+?)\);?$/gm;
      const contents = source.replace(call, "$1.style.cssText = $3;")
        .replace("insertStyles = function (styles) {", "insertStyles = function (styles) { return;");
      return { contents, loader: "js" };
    });
  },
};

await rm("dist", { recursive: true, force: true });
await mkdir("dist");
await build({
  entryPoints: ["src/app.ts"],
  outfile: "dist/app.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  banner: { js: `/*!\n${(await readFile("node_modules/abcjs/LICENSE.md", "utf8")).trim()}\n*/` },
  plugins: [styleObjects],
});
await build({ entryPoints: ["static/app.css"], outfile: "dist/app.css", minify: true });
await cp("static/index.html", "dist/index.html");
await cp("static/icon.svg", "dist/icon.svg");
