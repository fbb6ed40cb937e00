"""Pillow alone: a floor of quarter circles. The response is the image; the file name makes it a JPEG."""

import random

from PIL import Image, ImageDraw

COLUMNS, ROWS, TILE = 16, 10, 48
# Drawn larger and shrunk, for smooth edges.
OVERSIZE = 4
PAPER, INK, ACCENT = "#f6f1e4", "#1f3b4d", "#d1603d"

side = TILE * OVERSIZE
chance = random.Random(7)
floor = Image.new("RGB", (COLUMNS * side, ROWS * side), PAPER)
draw = ImageDraw.Draw(floor)


def arc(x: int, y: int, start: int, colour: str) -> None:
    """Draw a quarter of a ring round a corner of a tile."""
    radius, width = side * 0.62, int(side * 0.24)
    draw.arc((x - radius, y - radius, x + radius, y + radius), start, start + 90, colour, width)


for row in range(ROWS):
    for column in range(COLUMNS):
        left, top = column * side, row * side
        colour = ACCENT if chance.random() < 0.12 else INK
        if chance.random() < 0.5:
            arc(left, top, 0, colour)
            arc(left + side, top + side, 180, colour)
        else:
            arc(left + side, top, 90, colour)
            arc(left, top + side, 270, colour)

response = floor.resize((COLUMNS * TILE, ROWS * TILE), Image.Resampling.LANCZOS)
filename = "tiles.jpg"
