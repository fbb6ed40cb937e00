"""A run of the benchmark as a picture.

Its numbers come as params["rows"], in JSON: a list of [title, p50 / floor, of ideal, CPU / floor], in the order of the
table; what was not measured is null.
"""

import json

import matplotlib.pyplot as plt

rows = json.loads(params["rows"])  # noqa: F821  # the server's
titles = [row[0] for row in rows]
colours = ["#cc3311" if title.startswith("cpyrender") else "#8899aa" for title in titles]
panels = ("median time / floor", "throughput of ideal", "CPU / floor")

fig, axes = plt.subplots(1, 3, sharey=True, figsize=(11, 0.45 * len(rows) + 1.4), layout="constrained")
for number, (ax, title) in enumerate(zip(axes, panels, strict=True), 1):
    values = [row[number] or 0 for row in rows]
    bars = ax.barh(titles, values, color=colours)
    ax.bar_label(bars, [f"{value:.2f}" if value else "" for value in values], padding=3, fontsize=8)
    ax.axvline(1, color="black", linewidth=0.8)
    # One of them may take twenty times as long as the others: its bar leaves the picture, its number does not.
    ax.set_xlim(0, 2.6 if number != 2 else 1.15)
    for bar, value in zip(bars, values, strict=True):
        if value > ax.get_xlim()[1]:
            place = (ax.get_xlim()[1], bar.get_y() + bar.get_height() / 2)
            ax.annotate(f"{value:.1f} ", place, ha="right", va="center", fontsize=8, color="white")
    ax.set_title(title, fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()
