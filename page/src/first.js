/** What stands in the editor of somebody who is here for the first time. */
export const FIRST = `import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 4 * np.pi, 400)

fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
for k in range(1, 6):
    ax.plot(x, np.sin(x) * np.exp(-x / (2 * k)), label=f"{k}")

ax.set(xlabel="time", ylabel="amplitude", title="How fast it dies away")
ax.legend(title="half life", frameon=False)
ax.grid(alpha=0.3)
`;
