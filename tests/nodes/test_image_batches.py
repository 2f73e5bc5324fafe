import torch

from safelight.nodes.image_batches import (
    image_batch,
    image_from_batch,
    image_rgb_to_yuv,
    image_yuv_to_rgb,
    rebatch_images,
    repeat_image_batch,
)

RANDOM = torch.rand(3, 8, 6, 3, generator=torch.Generator().manual_seed(0))


def test_the_second_picture_gets_size_and_alpha_of_the_first() -> None:
    joined = image_batch(image1=torch.zeros(1, 8, 8, 4), image2=torch.full((2, 16, 32, 3), 0.5))
    assert joined.shape == (3, 8, 8, 4)
    assert joined[2, 0, 0].tolist() == [0.5, 0.5, 0.5, 1.0]


def test_pictures_are_taken_from_a_batch_up_to_its_end() -> None:
    assert torch.equal(image_from_batch(image=RANDOM, batch_index=1, length=9), RANDOM[1:])
    assert torch.equal(image_from_batch(image=RANDOM, batch_index=9), RANDOM[2:])


def test_repeating_keeps_the_order() -> None:
    assert torch.equal(repeat_image_batch(image=RANDOM, amount=2), torch.cat([RANDOM, RANDOM]))


def test_pictures_are_dealt_out_in_order() -> None:
    batches = rebatch_images(images=[RANDOM, RANDOM[:1], torch.zeros(2, 4, 4, 3)], batch_size=[3])
    assert [len(batch) for batch in batches] == [3, 1, 2]
    assert torch.equal(torch.cat(batches[:2]), torch.cat([RANDOM, RANDOM[:1]]))


def test_grey_has_no_colour_difference() -> None:
    channels = image_rgb_to_yuv(image=torch.full((1, 2, 2, 3), 0.3))
    for channel, wanted in zip(channels, (0.3, 0.5, 0.5), strict=True):
        torch.testing.assert_close(channel, torch.full((1, 2, 2, 3), wanted))


def test_a_picture_put_together_again_is_as_it_was() -> None:
    y, u, v = image_rgb_to_yuv(image=RANDOM)
    torch.testing.assert_close(image_yuv_to_rgb(Y=y, U=u, V=v), RANDOM, rtol=0, atol=1e-3)
