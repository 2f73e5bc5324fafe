import json

from safelight.protocol.events import NodeStarted, Started
from safelight.server.comfy.pace import BYTES_A_SECOND, Pace
from safelight.server.comfy.story import Story

SECONDS_OF_A_QUICK_RUN = 10


def test_small_messages_go_ten_times_a_second() -> None:
    pace, sent = Pace(), 0
    for tick in range(1000):  # one second
        if not pace.wait(tick / 1000):
            pace.sent(tick / 1000, 500)
            sent += 1
    assert sent == 10


def test_large_messages_go_less_often() -> None:
    pace = Pace()
    pace.sent(0.0, 3 * BYTES_A_SECOND)
    assert pace.wait(0.0) == 3.0
    assert pace.wait(5.0) == 0.0


def test_the_states_of_a_thousand_quick_nodes_stay_under_two_megabytes() -> None:
    story, pace, size = Story("00000000-0000-0000-0000-000000000000"), Pace(), 0
    list(story.tell(Started(story.job), 0.0))
    for number in range(1000):
        now = number * SECONDS_OF_A_QUICK_RUN / 1000
        messages = list(story.tell(NodeStarted(story.job, str(number), "X"), now))
        if not pace.wait(now):
            messages.append(story.progress_state())
            pace.sent(now, len(json.dumps(messages[-1])))
        size += sum(len(json.dumps(message)) for message in messages)
    size += len(json.dumps(story.progress_state()))
    assert size < 2_000_000
