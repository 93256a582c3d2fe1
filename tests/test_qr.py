"""QR codes. Those of every length were read back by another program (zxing-cpp) when this was written."""

import hashlib

import pytest

from kingtui.qr import LONGEST, qr_matrix, qr_text


def test_the_code_that_another_program_has_read():
    text = qr_text("tg://login?token=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ")
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "b726aad95328004d6b86d07f67f59e99c896fdb6da83b5df5ba6d6c7875f1a02"
    )


@pytest.mark.parametrize(("length", "size"), [(1, 21), (17, 21), (18, 25), (53, 29), (54, 33), (79, 37), (LONGEST, 37)])
def test_the_smallest_version_that_fits(length, size):
    matrix = qr_matrix("x" * length)
    assert (len(matrix), len(matrix[0])) == (size, size)


def test_what_does_not_fit_is_a_sentence():
    with pytest.raises(ValueError, match="107 bytes are too many for a QR code: 106 are the most"):
        qr_matrix("x" * 107)
