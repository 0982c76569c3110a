"""Plots of the experiments' loss curves."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402


def plot_curves(lines: list[dict], path: Path, kind: str) -> None:
    """One curve a label: the mean over seeds of the lines' thinned ``curve``. Equal input gives an equal file."""
    # Without a fixed salt and date every run of the report would change the file.
    with plt.rc_context({"svg.hashsalt": "spectral", "font.size": 8}):
        figure, axes = plt.subplots(figsize=(6, 3.2))
        for label in dict.fromkeys(line["label"] for line in lines):
            curves = [line["curve"] for line in lines if line["label"] == label]
            length = min(map(len, curves))
            steps = next(line["steps"] for line in lines if line["label"] == label)
            mean = [sum(c[i] for c in curves) / len(curves) for i in range(length)]
            axes.plot([i * steps / length for i in range(length)], mean, label=label, linewidth=1)
        axes.set_xlabel("step")
        axes.set_ylabel("loss, nats a token" if kind == "ar" else "squared error")
        axes.set_yscale("linear" if kind == "ar" else "log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=6)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
