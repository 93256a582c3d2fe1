"""What can happen to a picture on its way, or be done to it: each function gives a damaged copy, by chance."""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

PAGE = (45, 55, 82)
"""The charts' page colour."""


def crop(image: Image.Image, chance: Random) -> Image.Image:
    """Up to a quarter of each side is missing."""
    x, y = (chance.choice((0, 0, chance.uniform(0, 0.25))) for _ in range(2))
    right, bottom = (chance.choice((0, 0, chance.uniform(0, 0.25))) for _ in range(2))
    width, height = image.size
    return image.crop((int(x * width), int(y * height), int((1 - right) * width), int((1 - bottom) * height)))


def rotate(image: Image.Image, chance: Random) -> Image.Image:
    """By up to one and a half degrees, as a photographed screen."""
    fill = chance.choice((PAGE, (0, 0, 0), (255, 255, 255)))
    return image.rotate(
        chance.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, expand=chance.random() < 0.5, fillcolor=fill
    )


def noise(image: Image.Image, chance: Random) -> Image.Image:
    """Each channel of each pixel is off by some levels."""
    pixels = np.asarray(image, np.float32)
    off = np.random.default_rng(chance.getrandbits(32)).normal(0, chance.uniform(3, 30), pixels.shape)
    return Image.fromarray(np.clip(pixels + off, 0, 255).astype(np.uint8))


def occlude(image: Image.Image, chance: Random) -> Image.Image:
    """Some rectangles lie over it, in colours that stand out."""
    return _covered(image, chance, lambda: tuple(chance.randrange(256) for _ in range(3)))


def blank(image: Image.Image, chance: Random) -> Image.Image:
    """Some regions are empty: nothing but page."""
    return _covered(image, chance, lambda: PAGE)


def _covered(image: Image.Image, chance: Random, colour: Callable[[], tuple[int, ...]]) -> Image.Image:
    copy = image.copy()
    pen = ImageDraw.Draw(copy)
    for _ in range(chance.randint(1, 4)):
        width, height = (int(chance.uniform(0.03, 0.3) * side) for side in image.size)
        x, y = chance.randrange(image.width - width), chance.randrange(image.height - height)
        pen.rectangle((x, y, x + width, y + height), colour())
    return copy


def blur(image: Image.Image, chance: Random) -> Image.Image:
    """Out of focus, or scaled down and up again."""
    if chance.random() < 0.5:
        return image.filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 2.5)))
    factor = chance.uniform(0.3, 0.8)
    small = image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.BILINEAR)
    return small.resize(image.size, Image.Resampling.BICUBIC)


def stretch(image: Image.Image, chance: Random) -> Image.Image:
    """Wider or higher than it was."""
    width, height = (int(side * chance.uniform(0.75, 1.3)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def mirror(image: Image.Image, chance: Random) -> Image.Image:
    """Turned over, or by a right angle."""
    return image.transpose(chance.choice(list(Image.Transpose)))


def recolour(image: Image.Image, chance: Random) -> Image.Image:
    """Another style: other hues, another brightness, or channels exchanged."""
    pixels = np.asarray(image, np.float32)
    match chance.randrange(3):
        case 0:
            pixels = pixels[..., chance.sample(range(3), 3)]
        case 1:
            pixels = pixels * chance.uniform(0.6, 1.5) + chance.uniform(-25, 25)
        case _:
            hue, saturation, value = image.convert("HSV").split()
            shift = chance.randint(10, 245)
            turned = hue.point([(level + shift) % 256 for level in range(256)])
            return Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def frame(image: Image.Image, chance: Random) -> Image.Image:
    """A screenshot: the chart somewhere on a larger screen."""
    left, top, right, bottom = (chance.randrange(80) for _ in range(4))
    colour = tuple(chance.choice(((255, 255, 255), (0, 0, 0), (24, 34, 45), PAGE)))
    screen = Image.new("RGB", (image.width + left + right, image.height + top + bottom), colour)
    screen.paste(image, (left, top))
    return screen


def squeeze(image: Image.Image, chance: Random) -> Image.Image:
    """Encoded again, badly."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=chance.randint(15, 60), subsampling=2)
    return Image.open(buffer).convert("RGB")


DAMAGES: tuple[Callable[[Image.Image, Random], Image.Image], ...] = (
    crop, rotate, noise, occlude, blank, blur, stretch, mirror, recolour, frame, squeeze,
)  # fmt: skip


def damaged(picture: bytes, seed: int) -> tuple[bytes, str]:
    """The picture with one or two damages, and what they are."""
    chance = Random(seed)
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    chosen = chance.sample(DAMAGES, chance.choice((1, 1, 2)))
    for damage in chosen:
        image = damage(image, chance)
    buffer = io.BytesIO()
    image.save(buffer, chance.choice(("JPEG", "PNG")), quality=chance.randint(60, 95))
    return buffer.getvalue(), " and ".join(damage.__name__ for damage in chosen)


def mutilated(picture: bytes, seed: int) -> bytes:
    """The file with some of its bytes changed, dropped or doubled."""
    chance = Random(seed)
    data = bytearray(picture)
    for _ in range(chance.choice((1, 3, 20))):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randrange(1, 200)]
            case 2:
                data[at:at] = data[at : at + chance.randrange(1, 200)]
            case _:
                data[at:] = b""
        if not data:
            break
    return bytes(data)
