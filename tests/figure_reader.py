"""figure_reader.py: figures of `kshot plot` read back from SVG: a line's points, through the marks and numbers of the axes, are
numbers again."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
from kshot_cli import content

SVG = "{http://www.w3.org/2000/svg}"


def numbers(text):
    return np.array([float(x) for x in re.findall(r"-?\d+\.?\d*", text)]).reshape(-1, 2)


def number(text):
    return float(text.replace("−", "-"))


class Figure:
    """The first panel of an SVG file: its lines and bands in the axes' units."""

    def __init__(self, path, logarithmic=False):
        self.logarithmic = logarithmic
        text = content(path).decode()
        self.root = ElementTree.fromstring(text)
        self.texts = [element.text for element in self.root.iter(f"{SVG}text")]
        # a mark of the axis, followed by its number: below the x axis centred, left of the y axis flush right
        tics = re.findall(r"d='M([\d.]+),([\d.]+) L[\d., ]+'/>\s*<g transform[^>]*text-anchor=\"(\w+)\">\s*<text>([^<]+)<", text)
        self.axis = []
        for dimension, anchor in enumerate(("middle", "end")):
            marks = [(float(tic[dimension]), number(tic[3])) for tic in tics if tic[2] == anchor]
            if logarithmic and dimension == 1:
                marks = [(pixel, np.log10(value)) for pixel, value in marks]
            assert len(marks) >= 2, f"{path}: {marks}"
            self.axis.append((marks[0], marks[-1]))

    def plots(self):
        """title -> the elements of each plot, in order of drawing"""
        return [(g.find(f"{SVG}title").text, g) for g in self.root.iter(f"{SVG}g") if g.get("id", "").startswith("gnuplot_plot_")]

    def plot(self, title):
        (found,) = [g for name, g in self.plots() if name == title]
        return found

    def to_units(self, pixels):
        columns = []
        for (p0, v0), (p1, v1), x in zip(*zip(*self.axis), pixels.T):
            columns.append(v0 + (x - p0) * (v1 - v0) / (p1 - p0))
        return np.stack(columns, axis=1)  # of a logarithmic axis the logarithms

    def scaled(self, values):
        """Values in what to_units gives."""
        return np.log10(values) if self.logarithmic else np.asarray(values)

    def accuracy(self):
        """of a number that was read back: positions are written to a hundredth of a pixel"""
        return max(abs((v1 - v0) / (p1 - p0)) for (p0, v0), (p1, v1) in self.axis) * 0.03

    def strokes(self, group):
        """Each unbroken line of a plot, without the sample in the legend."""
        parts = []
        for path in group.iter(f"{SVG}path"):
            parts += [self.to_units(numbers(part)) for part in path.get("d").split("M")[1:]]
        return parts

    def line(self, title):
        """The points of a line that has a legend entry, drawn first."""
        return self.strokes(self.plot(title))[1]

    def dashed(self, title):
        return any(path.get("stroke-dasharray") for path in self.plot(title).iter(f"{SVG}path"))

    def bands(self):
        """of all plots without a title: (points, low, high)"""
        found = []
        for title, group in self.plots():
            for polygon in group.iter(f"{SVG}polygon") if title.startswith("gnuplot_plot_") else ():
                xy = self.to_units(numbers(polygon.get("points")))
                half = len(xy) // 2
                found.append((xy[:half, 0], np.minimum(xy[:half, 1], xy[:half - 1:-1, 1]), np.maximum(xy[:half, 1], xy[:half - 1:-1, 1])))
        return found


def check_close(figure, drawn, wanted, what):
    drawn, wanted = np.array(drawn), np.array(wanted)
    assert drawn.shape == wanted.shape, f"{what}: {drawn.shape} is drawn, {wanted.shape} is wanted"
    worst = np.abs(drawn - wanted).max()
    assert worst < figure.accuracy(), f"{what}: off by {worst:.4g} where {figure.accuracy():.4g} can be read\n{drawn}\n{wanted}"
