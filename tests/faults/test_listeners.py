from pathlib import Path

from tests.faults.listeners import CLIENTS, listen_together
from tests.serving import eventually, serving, workflow


def test_of_two_hundred_listeners_a_slow_one_holds_up_nobody(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        heard = listen_together(served, workflow(steps=100))
        assert heard.clients == CLIENTS - 1
        assert heard.told == heard.clients, heard
        assert heard.answer < 2, heard
        eventually(lambda: len(served.studio.hub) == 0)
