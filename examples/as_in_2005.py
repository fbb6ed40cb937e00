"""A contour chart written as one wrote it in 2005, for Python 2.4: it renders with no change.

StringIO and cStringIO, Image.fromstring and tostring_rgb have all gone from today's libraries, so this one runs on the
server only.
"""

import cStringIO
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from PIL import Image
from pylab import *
from StringIO import StringIO

SOUNDINGS = """\
 2.0  3.1  4.4  4.0  2.9  1.8
 3.2  5.9  8.7  7.8  4.6  2.4
 4.1  8.8 13.9 12.0  6.6  3.0
 3.9  8.1 12.2 14.6  8.9  3.7
 2.7  5.2  7.4  9.3  6.8  3.1
 1.6  2.6  3.8  4.4  3.5  2.0
"""

depths = array([[float(word) for word in line.split()] for line in cStringIO.StringIO(SOUNDINGS)])

levels = arange(2, 16, 2)
contourf(depths, levels, cmap=cm.Blues, extend="both")
lines = contour(depths, levels, colors="navy", linewidths=0.7)
clabel(lines, fmt="%1.0f m")
title("Soundings in the harbour")

canvas = FigureCanvas(gcf())
canvas.draw()
size = canvas.get_renderer().get_canvas_width_height()
image = Image.fromstring("RGB", size, canvas.tostring_rgb(), "raw", "RGB", 0, 1)

picture = StringIO()
image.save(picture, format="JPEG", quality=90)

response = picture.getvalue()
filename = "soundings.jpg"
