"""A picture that is a numpy array: floats from 0 to 1, of shape (height, width, 3)."""

import numpy as np

WIDTH, HEIGHT, ROUNDS = 720, 480, 400
C = -0.7269 + 0.1889j

x, y = np.meshgrid(np.linspace(-1.65, 1.65, WIDTH), np.linspace(-1.1, 1.1, HEIGHT))
z = (x + 1j * y).ravel()
smooth = np.full(z.size, float(ROUNDS))
inside = np.arange(z.size)
for step in range(ROUNDS):
    z = z * z + C
    gone = np.abs(z) > 8
    smooth[inside[gone]] = step + 3 - np.log2(np.log2(np.abs(z[gone])))
    z, inside = z[~gone], inside[~gone]

shade = np.power(smooth / ROUNDS, 0.4).reshape(HEIGHT, WIDTH, 1)
# A palette made of three cosines, one for each of red, green and blue.
response = 0.5 - 0.5 * np.cos(2 * np.pi * (1.15 * shade + np.array([0.0, 0.08, 0.18])))
