"""The signed trust bundle on the disk and in a running lane: taken when newer, kept, never undone.

A bundle comes as a file that somebody copied, on a USB stick, or as bytes over MQTT; wherever
from, it goes the one way through `gate.credential.bundle.read_bundle`. What is taken is first made
durable in the lane's own folder and only then used:

1. `gate-trust.bundle`, the bundle itself, replaced as a whole;
2. `gate-trust.versions`, the highest version that each root key signed.

In this order, because the bundle carries its version: after a power cut between the two, the
next start reads the newer bundle, and raises the versions from it. The other order would leave
versions that refuse the only bundle there is. A bad file never replaces a good one, and a full or
broken disk means that the old bundle stays in use.
"""

import errno
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
from msgspec import Struct, structs

from drivers.api import DriverError, ErrorKind
from drivers.truststore import DEVICE
from drivers.wholefile import read_whole, write_atomic
from gate.credential.bundle import (
    BUNDLE_BYTES_MAX,
    Bundle,
    BundleError,
    Fault,
    Held,
    Roots,
    read_bundle,
    roots_of,
)
from gate.credential.trust import TrustError, TrustList
from gate.walltime import ClockQuality, WallTime

log = logging.getLogger(__name__)

BUNDLE_NAME = "gate-trust.bundle"
"""Of the kept bundle, and of the file that is looked for on a stick."""
VERSIONS_NAME = "gate-trust.versions"
LOOK_EVERY_S = 5.0
"""How often the file's size and time are compared; somebody waits who has just copied it."""
FOLDERS_MAX = 32
"""Of mounted media that are looked into at a time."""
ROOTS_BYTES_MAX = 16_384
_VERSIONS_BYTES_MAX = 4_096
_MOUNT_LEVELS = 2
_STOP_S = 2.0


class Answer(Struct, frozen=True):
    """What became of a bundle that was offered."""

    origin: str
    """Where it came from: a file's name, or what the caller said."""
    version: int | None
    """Of the bundle that is in use now; None without one."""
    fault: Fault | ErrorKind | None = None
    sentence: str = ""
    """What is wrong and what to do."""
    taken: bool = False
    """False also for the very bundle that is in use: then there is no fault either."""


class _Root(Struct, forbid_unknown_fields=True):
    public_key: bytes
    """Base64 of the raw 32 bytes."""
    name: str = ""


class _RootsFile(Struct, forbid_unknown_fields=True):
    root: list[_Root]
    threshold: int = 1


class _Stamp(Struct, frozen=True):
    """Enough to see that a file is another one than it was."""

    inode: int
    size: int
    modified_ns: int


def load_roots(path: Path) -> Roots:
    """The pinned root keys of that TOML file.

    Raises:
        DriverError: a file that is missing, may not be read, or does not hold what it should.
    """
    data = read_whole(path, ROOTS_BYTES_MAX, DEVICE)
    try:
        found = msgspec.toml.decode(data, type=_RootsFile, strict=True)
        return roots_of((each.public_key for each in found.root), found.threshold)
    except RecursionError:
        raise _corrupt(f"{path}: nested too deeply") from None
    except (TrustError, ValueError) as error:
        raise _corrupt(f"{path}: {error}") from None


class TrustKeeper:
    """The trust list that a lane uses, kept up to date while it runs.

    Every method may be called from any thread. `told` is called on the thread that brought the
    bundle, in the order of the bundles; it must only post. Reading a bundle takes some tenths of a
    second on a Pi: never call `look` or `offer` on the lane's loop.
    """

    def __init__(
        self,
        roots: Roots,
        folder: Path,
        wall: Callable[[], WallTime],
        told: Callable[[Answer, TrustList], None],
        *,
        site: TrustList,
        source: Path | None = None,
        media: Iterable[Path] = (),
    ) -> None:
        """Load the kept bundle, and the source's where that is newer.

        Args:
            roots: whose signatures are believed.
            folder: of the lane's own data; made if it is not there.
            wall: the wall clock.
            told: told of every bundle that was taken or refused, and which trust list is in use
                after it; of the same refusal many times in a row once.
            site: the issuers of the site's own trust file. They stay beside the bundle's, and
                where both name a key the file's entry holds.
            source: the file that is watched.
            media: folders under which sticks are mounted, such as `/media`.

        Raises:
            DriverError: the folder can't be made.
        """
        self._roots = roots
        self._folder = folder
        self._wall = wall
        self._site = site
        self._source = source
        self._media = tuple(media)
        self._told = told
        self._taking = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._looking = threading.Lock()
        self._seen: dict[Path, _Stamp] = {}
        self._bundle: Bundle | None = None
        self._refused: Answer | None = None
        self._held = Held(_versions_of(folder / VERSIONS_NAME))
        self._trust = site
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DriverError(ErrorKind.FAILED, DEVICE, f"{folder}: {error.strerror}") from None
        self._begin()

    @property
    def trust(self) -> TrustList:
        """What is in use now."""
        return self._trust

    @property
    def version(self) -> int | None:
        """Of the bundle in use, or None without one."""
        return self._bundle.version if self._bundle else None

    def offer(self, data: bytes, origin: str) -> Answer:
        """Take a bundle, if it is a newer good one. Whatever it is, nothing is raised."""
        with self._taking:
            answer = self._take(data, origin)
            is_news = answer.taken or (answer.fault is not None and answer != self._refused)
            self._refused = None if answer.fault is None else answer
            if is_news:
                self._told(answer, self._trust)
        if is_news and answer.taken:
            log.info("trust bundle from %s: version %s is in use", origin, answer.version)
        elif is_news:
            log.warning("trust bundle from %s: not taken: %s", origin, answer.sentence)
        return answer

    def look(self) -> list[Answer]:
        """Offer the source, and what is on mounted media, if they are other files than before."""
        with self._looking:
            before, self._seen = self._seen, {}
            return [
                answer
                for path in self._candidates()
                if (stamp := _stamp(path)) is not None
                if (answer := self._look_at(path, stamp, before.get(path))) is not None
            ]

    def start(self) -> None:
        """Look again every `LOOK_EVERY_S`, on a thread of its own, until `stop`."""
        self._thread = threading.Thread(target=self._watch, name="trust bundle", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more. Idempotent."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_EVERY_S):
            try:
                self.look()
            except Exception:  # the watch goes on: the lane serves with the list that it has
                log.exception("while looking for a trust bundle")

    def _look_at(self, path: Path, stamp: _Stamp, before: _Stamp | None) -> Answer | None:
        self._seen[path] = stamp
        if stamp == before:
            return None
        try:
            data = read_whole(path, BUNDLE_BYTES_MAX, DEVICE)
        except DriverError as error:
            log.warning("trust bundle: %s", error)
            return Answer(str(path), self.version, error.kind, error.message)
        answer = self.offer(data, str(path))
        if isinstance(answer.fault, ErrorKind) or answer.fault is Fault.CREATED_AHEAD:
            del self._seen[path]  # our disk or a clock is to blame, and not the file: try again
        return answer

    def _begin(self) -> None:
        kept = self._folder / BUNDLE_NAME
        try:
            # That it is not from the future was found when it was taken; a clock that runs behind
            # at a later start takes no list away.
            unset = structs.replace(self._wall(), quality=ClockQuality.UNTRUSTED)
            data = read_whole(kept, BUNDLE_BYTES_MAX, DEVICE)
            self._use(read_bundle(data, self._roots, self._held, unset))
        except DriverError as error:
            if error.kind is not ErrorKind.MISSING:
                log.error("the kept trust bundle is not used: %s", error)  # noqa: TRY400 - no bug
        except BundleError as error:
            # Its root key was replaced, or the file is damaged: a newer bundle heals both.
            log.error("the kept trust bundle is not used: %s", error)  # noqa: TRY400 - no bug
        self.look()

    def _take(self, data: bytes, origin: str) -> Answer:
        """Read, keep, use; under the lock."""
        try:
            bundle = read_bundle(data, self._roots, self._held, self._wall())
            if self._bundle is not None and bundle.digest == self._bundle.digest:
                return Answer(origin, self.version)
            self._keep(data, self._held.after(bundle, self._roots))
        except BundleError as error:
            return Answer(origin, self.version, error.fault, str(error))
        except OSError as error:
            kind = ErrorKind.FULL if error.errno == errno.ENOSPC else ErrorKind.FAILED
            sentence = f"it can't be kept in {self._folder}: {error.strerror}; make room there"
            return Answer(origin, self.version, kind, sentence)
        self._use(bundle)
        return Answer(origin, self.version, taken=True)

    def _keep(self, data: bytes, held: Held) -> None:
        write_atomic(self._folder / BUNDLE_NAME, data)
        versions = {kid.hex(): version for kid, version in held.versions.items()}
        write_atomic(self._folder / VERSIONS_NAME, json.dumps(versions).encode())

    def _use(self, bundle: Bundle) -> None:
        self._held = self._held.after(bundle, self._roots)
        self._bundle = bundle
        self._trust = bundle.beside(self._site)

    def _candidates(self) -> list[Path]:
        return [*([self._source] if self._source else ()), *stick_files(self._media)]


def stick_files(media: Iterable[Path]) -> list[Path]:
    """Where a `gate-trust.bundle` would lie on what is mounted under these folders: in each itself,
    in the folders in it, and one level deeper, because desktops mount under a user's name."""
    level = list(media)
    folders = level[:FOLDERS_MAX]
    for _ in range(_MOUNT_LEVELS):
        level = [inner for folder in level for inner in _subfolders(folder)][:FOLDERS_MAX]
        folders += level
    return [folder / BUNDLE_NAME for folder in folders]


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            inner = [each.path for each in found if each.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [Path(path) for path in sorted(inner)[:FOLDERS_MAX]]


def _stamp(path: Path) -> _Stamp | None:
    """None for a file that is not there, or not to be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return _Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


def _versions_of(path: Path) -> Mapping[bytes, int]:
    """The kept versions. Without them the kept bundle's own version is the floor."""
    try:
        kept = msgspec.json.decode(
            read_whole(path, _VERSIONS_BYTES_MAX, DEVICE), type=dict[str, int]
        )
        return MappingProxyType({bytes.fromhex(kid): version for kid, version in kept.items()})
    except DriverError as error:
        if error.kind is not ErrorKind.MISSING:
            log.error("%s", error)  # noqa: TRY400 - no bug
    except ValueError as error:
        log.error("%s is damaged, and made anew: %s", path, error)  # noqa: TRY400 - no bug
    return MappingProxyType({})


def _corrupt(message: str) -> DriverError:
    return DriverError(ErrorKind.CORRUPT, DEVICE, message)
