"""Bytes to a page on a canvas: what is refused, what is found, and that borders do not move it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kingtui.charts import MAX_PIXELS, NotAPicture
from kingtui.charts.locate import PAGE, canvas_of, near, open_picture, page_of
from kingtui.charts.painter import paint
from tests.charts.builders import map_chart, ratio_chart


def encoded(picture: Image.Image, name: str = "PNG", **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, name, **how)
    return buffer.getvalue()


def test_empty_truncated_and_foreign_bytes_are_refused_with_a_sentence() -> None:
    whole = paint(map_chart())
    for data, words in (
        (b"", "empty"),
        (b"not a picture", "no JPEG, PNG or WebP"),
        (whole[: len(whole) // 2], "truncated"),
        (encoded(Image.new("RGB", (4, 4)), "BMP"), "no JPEG, PNG or WebP"),
    ):
        with pytest.raises(NotAPicture, match=words):
            open_picture(data)


def test_a_huge_picture_is_refused_by_its_header() -> None:
    header = encoded(Image.new("1", (20_000, 20_000)))[:200]  # too short to be decoded: only the header is there
    with pytest.raises(NotAPicture, match="more than"):
        open_picture(header)
    side = int(MAX_PIXELS**0.5) + 1
    with pytest.raises(NotAPicture, match=f"more than {MAX_PIXELS:,}"):
        open_picture(encoded(Image.new("1", (side, side))))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK", "I;16", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    name = "JPEG" if mode == "CMYK" else "PNG"
    assert open_picture(encoded(Image.new(mode, (30, 20)), name)).mode == "RGB"


def test_transparency_shows_white_and_exif_turns() -> None:
    assert open_picture(encoded(Image.new("RGBA", (3, 3), (0, 0, 0, 0)))).getpixel((1, 1)) == (255, 255, 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    assert open_picture(encoded(Image.new("RGB", (30, 20)), "JPEG", exif=exif)).size == (20, 30)


def test_of_an_animation_the_first_frame() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert open_picture(data).getpixel((8, 8)) == (255, 0, 0)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP"])
)
def test_arbitrary_bytes_never_do_more_than_raise(data: bytes, head: bytes) -> None:
    with pytest.raises(NotAPicture):
        open_picture(head + data)


@pytest.mark.parametrize("colour", ["white", "black", (23, 33, 43)])
@pytest.mark.parametrize("frame", [(5, 9, 14, 3), (40, 120, 33, 80), (0, 0, 0, 0)])
def test_the_page_is_found_to_the_pixel_within_borders(colour: object, frame: tuple[int, int, int, int]) -> None:
    chart = Image.open(io.BytesIO(paint(ratio_chart(27.9, 87.6, 50, 60), format="PNG"))).convert("RGB")
    left, top, right, bottom = frame
    shot = Image.new("RGB", (chart.width + left + right, chart.height + top + bottom), colour)
    shot.paste(chart, (left, top))
    picture = open_picture(encoded(shot, "JPEG", quality=70))
    assert page_of(picture) == (left, top, left + chart.width, top + chart.height)


def test_other_pictures_have_no_page() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    for picture in (Image.new("RGB", (800, 600), "white"), Image.fromarray(noise), Image.new("RGB", (60, 60), PAGE)):
        assert page_of(picture) is None


def test_near_counts_both_ends_of_the_tolerance() -> None:
    colours = np.array([[[45, 55, 82], [51, 49, 88], [52, 55, 82], [45, 48, 82], [0, 255, 0]]], dtype=np.uint8)
    assert near(colours, PAGE, 6).tolist() == [[True, True, False, False, False]]


def test_a_canvas_knows_its_scale_and_crops_the_original() -> None:
    picture = open_picture(paint(map_chart(), scale=1.6))
    canvas = canvas_of(picture, (0, 0, picture.width, picture.height), 800, 600)
    assert canvas.factor == pytest.approx((1.6, 1.6))
    assert canvas.rgb.shape == (600, 800, 3)
    assert canvas.crop(10, 20, 30, 40).size == (32, 32)
    assert canvas.crop(790, -50, 900, 10).size == (16, 16)  # cut at the page's edge
