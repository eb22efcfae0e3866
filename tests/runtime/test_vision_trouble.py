"""When a trouble of the camera is told, when it is a failure, and when it is over."""

from firmware.vision.trouble import Listener, Trouble, Troubles
from gate.events import Device

SETTLE_NS, RECOVER_NS_MAX = 10, 100


class Story:
    """What the listener was told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.troubles = Troubles(
            Listener(
                on_seen=lambda _: None,
                on_trouble=lambda trouble: self.told.append(f"trouble {trouble.kind}"),
                on_failed=lambda trouble: self.told.append(f"failed {trouble.kind}"),
                on_recovered=lambda device: self.told.append(f"recovered {device}"),
            ),
            SETTLE_NS,
            RECOVER_NS_MAX,
        )

    def found(self, kind: str, at_ns: int) -> None:
        self.troubles.found(Trouble(Device.CAMERA, kind, "", at_ns))


def test_blink_is_told_but_no_failure() -> None:
    """Cured in time: the lane never hears of a failure."""
    story = Story()
    story.found("hung", 1)
    story.troubles.tick(50)
    assert not story.troubles.well(60)
    assert story.troubles.well(60 + SETTLE_NS)
    story.troubles.tick(1_000)
    assert story.told == ["trouble hung"]
    assert story.troubles.now is None


def test_lasting_trouble_fails_once_and_recovers_once() -> None:
    """Declared after its time, once, with the kind that it has then; its end is declared too."""
    story = Story()
    story.found("stalled", 1)
    story.found("missing", 50)
    for at_ns in (100, 101, 500):
        story.troubles.tick(at_ns)
    assert not story.troubles.well(600)
    assert story.troubles.well(600 + SETTLE_NS)
    assert story.told == [
        "trouble stalled",
        "trouble missing",
        "failed missing",
        "recovered camera",
    ]


def test_flapping_is_one_trouble() -> None:
    """One good moment between two failures cures nothing, and the time runs on."""
    story = Story()
    for at_ns in range(1, 200, 20):
        story.found("died", at_ns)
        story.troubles.well(at_ns + 5)
        story.troubles.tick(at_ns + 5)
    assert story.told == ["trouble died", "failed died"]


def test_expected_absence_is_told_only_if_it_lasts() -> None:
    """A recycling is nobody's trouble, unless nothing comes back."""
    story = Story()
    story.troubles.expect(Trouble(Device.READER, "recycled", "", 1))
    story.troubles.tick(90)
    assert story.told == []
    story.troubles.tick(101)
    assert story.told == ["failed recycled"]
