"""Charts of all five kinds painted from given numbers, in the originals' style: for the demo, tests and benchmarks.

Importing this is cheap: Pillow is loaded by the first ``paint``. The same chart gives the same bytes.
"""

from __future__ import annotations

from kingtui.charts.painter.charts import (
    Candle,
    Chart,
    HeatLevel,
    HeatmapChart,
    MapBar,
    MapChart,
    RatioChart,
    RatioRow,
    RsiChart,
    RsiPoint,
    chart_from_json,
    chart_to_json,
)
from kingtui.charts.painter.truth import truth

__all__ = [
    "Candle",
    "Chart",
    "HeatLevel",
    "HeatmapChart",
    "MapBar",
    "MapChart",
    "RatioChart",
    "RatioRow",
    "RsiChart",
    "RsiPoint",
    "chart_from_json",
    "chart_to_json",
    "paint",
    "truth",
]


def paint(chart: Chart, *, scale: float = 1.0, format: str = "JPEG", quality: int = 87) -> bytes:  # noqa: A002
    """The picture of a chart, ``scale`` times its canonical size, as JPEG, PNG or WEBP.

    Raises ValueError for another format or a scale that is not between 0.25 and 4.
    """
    from kingtui.charts.painter import heatmap, liqmap, ratio, rsi

    if format not in ("JPEG", "PNG", "WEBP"):
        raise ValueError(f"the painter writes JPEG, PNG and WEBP, not {format!r}")
    if not 0.25 <= scale <= 4:
        raise ValueError(f"a scale of {scale} is not between 0.25 and 4")
    match chart:
        case RatioChart():
            canvas = ratio.paint(chart, scale)
        case MapChart():
            canvas = liqmap.paint(chart, scale)
        case HeatmapChart():
            canvas = heatmap.paint(chart, scale)
        case RsiChart():
            canvas = rsi.paint(chart, scale)
    return canvas.encode(format, quality)
