"""What is asked of vectors follows from their cosines; the vectors here are written down, so that anybody can check."""

import math

import pytest
import torch

from safelight.cli.judge import label as label_command
from safelight.clip.asking import TEMPLATE, Ranked, in_template, labels, rank, read_labels, similarity
from safelight.errors import BadInput

EAST, NORTH, NORTH_EAST = [1.0, 0.0], [0.0, 1.0], [math.sqrt(0.5), math.sqrt(0.5)]


def test_similarity_is_the_cosine_of_every_pair() -> None:
    found = similarity(torch.tensor([EAST, NORTH_EAST]), torch.tensor([EAST, NORTH, [-1.0, 0.0]]))
    half = math.sqrt(0.5)
    torch.testing.assert_close(found, torch.tensor([[1.0, 0.0, -1.0], [half, half, -half]]))


def test_similarity_never_leaves_its_range() -> None:
    vector = torch.nn.functional.normalize(torch.randn(500, 64, generator=torch.Generator().manual_seed(0)), dim=-1)
    assert similarity(vector, vector).max() <= 1


def test_the_best_come_first_and_equals_as_they_were_given() -> None:
    scores = [0.1, 0.3, 0.2, 0.3]
    assert [entry.index for entry in rank(scores)] == [1, 3, 2, 0]
    assert rank(scores, 2) == [Ranked(1, 0.3), Ranked(3, 0.3)]
    assert len(rank(scores, 16)) == 4


def test_labels_share_what_the_scale_makes_of_their_similarities() -> None:
    ((first, second),) = labels(torch.tensor([NORTH_EAST]), torch.tensor([EAST, NORTH_EAST]), ("east", "both"), 10.0)
    expected = 1 / (1 + math.exp(-10 * (1 - math.sqrt(0.5))))
    assert (first.label, second.label) == ("both", "east")
    assert first.share == pytest.approx(expected, rel=1e-5)
    assert first.share + second.share == pytest.approx(1)
    assert second.score == pytest.approx(math.sqrt(0.5))


def test_labels_are_read_once_each_without_empty_ones() -> None:
    assert read_labels("cat\n\n dog \ncat", "\n") == ("cat", "dog")
    assert read_labels("cat, two dogs,", ",") == ("cat", "two dogs")


@pytest.mark.parametrize(("written", "said"), [("cat", "there is one"), ("  \n", "there are none")])
def test_too_few_labels_are_refused(written: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_labels(written, "\n")


def test_labels_go_into_their_sentence() -> None:
    assert in_template(["a cat", "{}"], "this is {}!") == ["this is a cat!", "this is {}!"]
    with pytest.raises(BadInput, match=r"has no \{\} where the label goes"):
        in_template(["cat"], "a picture")


def test_the_command_and_the_node_put_labels_into_the_same_sentence() -> None:
    assert label_command.__defaults__ is not None
    assert TEMPLATE in label_command.__defaults__
