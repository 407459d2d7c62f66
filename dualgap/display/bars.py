"""Named tracks over one axis: in a page, where text keeps its size, or in a drawing of a fixed one."""

from __future__ import annotations

from dataclasses import dataclass

from dualgap.display.html import Html, tag

_AXIS = 18.0


@dataclass(frozen=True)
class Track:
    """One row: a name, what it says in words, and shapes in percentages of the track."""

    name: str
    title: str
    shapes: tuple[Html, ...]


@dataclass(frozen=True)
class Bars:
    """Tracks from top to bottom, with the labels of their axis below; ``kind`` is a class of their style."""

    tracks: tuple[Track, ...]
    labels: Html
    kind: str = ""
    height: float = 28.0

    def html(self) -> Html:
        """For a page: names stand beside their tracks, or above them where it is narrow."""
        rows = []
        for track in self.tracks:
            drawn = tag(
                "svg", tag("title", track.title), *track.shapes, class_=f"track {self.kind}".strip(), role="img"
            )
            rows += [tag("div", track.name, class_="name"), drawn]
        return tag("div", *rows, tag("div", class_="name"), self.labels, class_="intervals")

    @property
    def total(self) -> float:
        """Pixels from top to bottom."""
        return self.height * len(self.tracks) + _AXIS

    def drawing(self, left: float, top: float, width: float, names: float) -> list[Html]:
        """For a drawing: everything within ``width`` pixels from ``left``, ``names`` of them for the names."""
        found = []
        frame = {"x": left + names, "width": width - names}
        for k, track in enumerate(self.tracks):
            y = top + k * self.height
            found.append(tag("text", track.name, x=left + names - 12, y=y + self.height / 2 + 4, text_anchor="end"))
            found.append(tag("svg", *track.shapes, y=y, height=self.height, **frame))
        labels = tag("svg", self.labels, y=top + self.total - _AXIS, height=_AXIS, **frame, class_="axis")
        return [*found, labels]
