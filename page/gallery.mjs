// What the menu of examples shows: files of examples/, their titles and what goes with them. `still` is appended where
// all of it would be too much for a thumbnail.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const EXAMPLES = [
  { file: "line_tides.py", title: "Line" },
  { file: "contour_field.py", title: "Contours and field" },
  { file: "surface_3d.py", title: "3-D surface", params: { azimuth: "-58" } },
  { file: "heatmap_daylight.py", title: "Heat map" },
  { file: "statistics_waiting.py", title: "Statistics" },
  { file: "figures_walks.py", title: "Three figures" },
  { file: "map_projections.py", title: "Map projections" },
  { file: "numpy_julia.py", title: "numpy array" },
  { file: "pillow_tiles.py", title: "Pillow alone" },
  { file: "params_patterns.py", title: "Parameters", params: { feed: "0.037", kill: "0.06", steps: "3000" } },
  { file: "csv_upload.py", title: "Uploaded CSV", files: ["rivers.csv"] },
  { file: "animation_wave.py", title: "Animation", still: "response = figure" },
  { file: "as_in_2005.py", title: "As in 2005" },
];

/** Return the examples, each with its script, and its first line of documentation as what it is about. */
export function gallery(folder) {
  return Promise.all(
    EXAMPLES.map(async ({ file, title, params = {}, files = [], still = "" }) => {
      const script = await readFile(join(folder, file), "utf8");
      const about = /^"""(.*?)(\n|""")/.exec(script)[1];
      const uploads = files.map(async (name) => [name, await readFile(join(folder, name), "base64")]);
      return {
        file,
        title,
        about,
        script,
        params,
        still,
        files: Object.fromEntries(await Promise.all(uploads)),
      };
    }),
  );
}
