"""Files: each column of an uploaded CSV file against its first one.

On the server, curl -F script=@csv_upload.py -F data=@rivers.csv puts rivers.csv into the script's files. Without one,
as in plain Python, some figures of its own have to do.
"""

import csv
import io
from pathlib import Path

import matplotlib.pyplot as plt

OWN = """month,Danube,Rhine,Elbe
1,1790,1080,820
2,1880,1110,910
3,2190,1140,1120
4,2460,1110,1090
5,2540,1130,760
6,2470,1170,590
7,2240,1120,480
8,1890,980,430
9,1590,850,390
10,1400,780,410
11,1470,860,510
12,1680,1010,680
"""

files: dict[str, Path] = globals().get("files", {})
texts = {name: path.read_text(encoding="utf-8-sig") for name, path in files.items()} or {"rivers.csv": OWN}

fig, axes = plt.subplots(len(texts), figsize=(7, 4.2 * len(texts)), squeeze=False, layout="constrained")
for ax, (name, text) in zip(axes.flat, texts.items(), strict=True):
    header, *rows = csv.reader(io.StringIO(text))
    first, *others = zip(*[map(float, row) for row in rows if row], strict=True)
    for label, column in zip(header[1:], others, strict=True):
        ax.plot(first, column, marker="o", markersize=4, label=label)
    ax.set(title=name, xlabel=header[0])
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
