"""The line chart of the article of 2005, to a JPEG, in the words of today's libraries."""

from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from pylab import gcf, plot

plot([1, 2, 4, 7, 9], [23, 45, 67, 99, 112])
canvas = FigureCanvasAgg(gcf())
canvas.draw()
size = canvas.get_renderer().get_canvas_width_height()
image = Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
picture = BytesIO()
image.save(picture, format="JPEG")

response = picture.getvalue()
filename = "test.jpg"
