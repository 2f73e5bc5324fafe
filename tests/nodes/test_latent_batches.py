import torch

from safelight.diffusion.latent import Latent
from safelight.nodes.latent_batches import (
    latent_batch,
    latent_batch_seed_behavior,
    latent_from_batch,
    rebatch_latents,
    repeat_latent_batch,
)


def items(*values: float, side: int = 8) -> Latent:
    return Latent(torch.tensor(values, dtype=torch.float32)[:, None, None, None].expand(-1, 4, side, side).clone())


def values(latent: Latent) -> list[float]:
    return latent.samples[:, 0, 0, 0].tolist()


def test_joined_latents_keep_the_noise_they_had_alone() -> None:
    joined = latent_batch(samples1=items(1, 2), samples2=items(3, side=16))
    assert values(joined) == [1, 2, 3]
    assert joined.batch_index == (0, 1, 0)


def test_joined_latents_keep_their_masks() -> None:
    half = Latent(items(1).samples, torch.full((1, 1, 64, 64), 0.5))
    joined = latent_batch(samples1=half, samples2=items(2))
    assert joined.noise_mask is not None
    assert joined.noise_mask[:, 0, 0, 0].tolist() == [0.5, 1.0]


def test_each_copy_of_a_repeated_latent_gets_noise_of_its_own() -> None:
    taken = latent_from_batch(samples=items(1, 2, 3, 4), batch_index=1, length=2)
    repeated = repeat_latent_batch(samples=taken, amount=3)
    assert values(repeated) == [2, 3, 2, 3, 2, 3]
    assert repeated.batch_index == (1, 2, 3, 4, 5, 6)
    assert repeat_latent_batch(samples=items(1), amount=2).batch_index is None


def test_a_mask_for_all_is_repeated_item_by_item() -> None:
    one_mask = Latent(items(1, 2).samples, torch.ones(1, 1, 64, 64))
    repeated = repeat_latent_batch(samples=one_mask, amount=2)
    assert repeated.noise_mask is not None
    assert repeated.noise_mask.shape == (4, 1, 64, 64)


def test_a_latent_taken_from_a_batch_keeps_its_place_in_the_noise() -> None:
    taken = latent_from_batch(samples=items(1, 2, 3), batch_index=1, length=5)
    assert values(taken) == [2, 3]
    assert taken.batch_index == (1, 2)
    assert latent_from_batch(samples=taken, batch_index=1).batch_index == (2,)


def test_a_place_past_the_end_takes_the_last() -> None:
    assert values(latent_from_batch(samples=items(1, 2), batch_index=63)) == [2]


def test_a_fixed_seed_gives_all_items_the_noise_of_the_first() -> None:
    taken = latent_from_batch(samples=items(1, 2, 3), batch_index=1, length=2)
    assert latent_batch_seed_behavior(samples=taken, seed_behavior="fixed").batch_index == (1, 1)
    assert latent_batch_seed_behavior(samples=taken, seed_behavior="random").batch_index is None


def test_rebatching_deals_items_out_in_order_and_numbers_them_through() -> None:
    batches = rebatch_latents(latents=[items(1, 2, 3), items(4, 5)], batch_size=[2])
    assert [values(batch) for batch in batches] == [[1, 2], [3, 4], [5]]
    assert [batch.batch_index for batch in batches] == [(0, 1), (2, 3), (4,)]


def test_rebatching_begins_anew_where_the_size_changes() -> None:
    batches = rebatch_latents(latents=[items(1), items(2, side=16), items(3, side=16)], batch_size=4)
    assert [values(batch) for batch in batches] == [[1], [2, 3]]
