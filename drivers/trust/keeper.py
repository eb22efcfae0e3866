"""The signed trust bundle on the disk and in a running lane: taken when newer, kept, never undone.

A bundle comes as a file that somebody copied, on a USB stick, or as bytes over MQTT; wherever
from, it goes the one way through `gate.credential.bundle.read_bundle`. What is taken is first made
durable in the lane's own folder (`drivers.trust.kept`) and only then used. A bad file never
replaces a good one, and a full or broken disk means that the old bundle stays in use.

The file of root keys is watched too: a stolen key that was taken out of it counts no more from
the second look on, without a restart.
"""

import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct, structs

from drivers.api import DriverError, ErrorKind
from drivers.trust.kept import BUNDLE_NAME, KeptBundle
from drivers.trust.mounted import Unreadable, mounted_files
from drivers.trust.roots import load_roots
from drivers.trust.store import DEVICE
from drivers.wholefile import read_whole
from gate.credential.bundle import (
    BUNDLE_BYTES_MAX,
    Bundle,
    BundleError,
    Fault,
    Held,
    Roots,
    read_bundle,
)
from gate.credential.trust import TrustList
from gate.walltime import ClockQuality, WallTime

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""How often files are compared with what they were; somebody waits who has just copied one."""
REFUSALS_MAX = 64
"""That are remembered, so that each is told once."""
_STOP_S = 2.0


class Answer(Struct, frozen=True):
    """What became of a bundle that was offered, or of new root keys."""

    origin: str
    """Where it came from: a file's name, or what the caller said."""
    version: int | None
    """Of the bundle that is in use now; None without one."""
    fault: Fault | ErrorKind | None = None
    sentence: str = ""
    """What is wrong and what to do."""
    taken: bool = False
    """Another trust list may be in use now. False also for the very bundle that is in use: then
    there is no fault either."""


class _Stamp(Struct, frozen=True):
    """Enough to see that a file is another one than it was, or may be read by others now."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class TrustKeeper:
    """The trust list that a lane uses, kept up to date while it runs.

    Every method may be called from any thread. `told` is called on the thread that brought the
    bundle, in the order of the bundles; it must only post. Reading a bundle takes some tenths of a
    second on a Pi: never call `look` or `offer` on the lane's loop, but `post`.
    """

    def __init__(
        self,
        roots: Path,
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
            roots: the file of the keys whose signatures are believed.
            folder: of the lane's own data; made if it is not there.
            wall: the wall clock.
            told: told of everything that was taken or refused, and which trust list is in use after
                it; of one refusal many times once. What it raises is logged.
            site: the issuers of the site's own trust file. They stay beside the bundle's, and
                where both name a key the file's entry holds.
            source: the file that is watched.
            media: folders under which sticks are mounted, such as `/media`.

        Raises:
            DriverError: the root keys can't be read, or the folder can't be made.
        """
        self._roots_path = roots
        self._roots_stamp = self._roots_next = _stamp(roots, _say_nothing)
        self._roots = load_roots(roots)
        self._kept = KeptBundle(folder)
        self._wall = wall
        self._site = site
        self._source = source
        self._media = tuple(media)
        self._told = told
        self._taking = threading.Lock()
        self._looking = threading.Lock()
        self._stopped = threading.Event()
        self._wanted = threading.Event()
        self._posted: deque[tuple[bytes, str]] = deque(maxlen=1)
        self._thread: threading.Thread | None = None
        self._seen: dict[Path, _Stamp] = {}
        self._there: set[Path] = set()
        self._unreadable: set[Path] = set()
        self._refused: dict[tuple[str, object, str], None] = {}
        self._bundle: Bundle | None = None
        self._held = self._kept.held()
        self._trust = site
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
            self._tell(answer)
        return answer

    def post(self, data: bytes, origin: str) -> None:
        """Offer a bundle on the watch's own thread, soon, and return at once. Of several that come
        while it is busy the last one is offered."""
        self._posted.append((data, origin))
        self._wanted.set()

    def look(self) -> list[Answer]:
        """Offer the source, and what is on mounted media, if they are other files than before; and
        take new root keys."""
        with self._looking:
            answers = self._look_at_roots()
            if answers is None:
                return []
            closed: set[Path] = set()
            stamps = self._stamps(self._say_once(closed))
            self._unreadable = closed
            before, self._seen = self._seen, {}
            with self._taking:
                self._forget({str(path) for path in self._there - stamps.keys()})
            self._there = set(stamps)
            for path, stamp in stamps.items():
                answer = self._look_at(path, stamp, before.get(path))
                answers += [answer] if answer is not None else []
            return answers

    def start(self) -> None:
        """Look again every `LOOK_EVERY_S`, and offer what is posted, on a thread of its own, until
        `stop`."""
        self._thread = threading.Thread(target=self._watch, name="trust bundle", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and tell nobody. Idempotent."""
        self._stopped.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def _watch(self) -> None:
        due_s = time.monotonic() + LOOK_EVERY_S
        while not self._stopped.is_set():
            self._wanted.wait(max(0.0, due_s - time.monotonic()))
            self._wanted.clear()
            try:
                if self._posted:  # nobody else takes one away
                    self.offer(*self._posted.popleft())
                if time.monotonic() >= due_s and not self._stopped.is_set():
                    due_s = time.monotonic() + LOOK_EVERY_S
                    self.look()
            except Exception:  # the watch goes on: the lane serves with the list that it has
                log.exception("while looking for a trust bundle")

    def _stamps(self, unreadable: Unreadable) -> dict[Path, _Stamp]:
        """Of every file that is there."""
        candidates = [*([self._source] if self._source else ())]
        candidates += mounted_files(self._media, BUNDLE_NAME, unreadable)
        stamps = {path: _stamp(path, unreadable) for path in candidates}
        return {path: stamp for path, stamp in stamps.items() if stamp is not None}

    def _look_at(self, path: Path, stamp: _Stamp, before: _Stamp | None) -> Answer | None:
        self._seen[path] = stamp
        if stamp == before:
            return None
        try:
            data = read_whole(path, BUNDLE_BYTES_MAX, DEVICE)
        except DriverError as error:
            answer = Answer(str(path), self.version, error.kind, error.message)
            with self._taking:
                if self._is_news(answer):
                    log.warning("trust bundle: %s", error)
        else:
            answer = self.offer(data, str(path))
        blameless = isinstance(answer.fault, ErrorKind) and answer.fault is not ErrorKind.CORRUPT
        if blameless or answer.fault is Fault.CREATED_AHEAD:
            del self._seen[path]  # a disk or a clock is to blame, and not the file: try again
        return answer

    def _look_at_roots(self) -> list[Answer] | None:
        """Another file of root keys is taken when it is the same at two looks: one that is still
        being written may lack keys, and then it would cost the list. None between the two: nothing
        is taken by keys that somebody is just taking away."""
        stamp = _stamp(self._roots_path, _say_nothing)
        settled, self._roots_next = stamp == self._roots_next, stamp
        if stamp == self._roots_stamp:
            return []
        if not settled:
            return None
        origin = str(self._roots_path)
        try:
            roots = load_roots(self._roots_path)
        except DriverError as error:
            sentence = f"{error.message}; the root keys before it stay"
            answer = Answer(origin, self.version, error.kind, sentence)
            with self._taking:
                self._tell(answer)
            return [answer]
        self._roots_stamp = stamp
        if roots == self._roots:
            return []
        with self._taking:
            answer = self._believe(roots)
            self._tell(answer)
        self._seen = {}  # what was refused may be good by these keys
        return [answer]

    def _believe(self, roots: Roots) -> Answer:
        """Whatever bundle is in use must be signed by these; under the lock."""
        origin, before = str(self._roots_path), self.version
        self._roots = roots
        try:
            self._use(self._read_kept())
        except (DriverError, BundleError) as error:
            self._bundle, self._trust = None, self._site
            if before is None:
                return Answer(origin, None, taken=True)
            sentence = (
                f"the new root keys do not vouch for version {before}, which was in use: {error}. "
                "What it named and what it revoked counts no more; bring a bundle that they signed"
            )
            log.error("%s: %s", origin, sentence)  # noqa: TRY400 - no bug
            return Answer(origin, None, sentence=sentence, taken=True)
        return Answer(origin, self.version, taken=True)

    def _begin(self) -> None:
        try:
            self._use(self._read_kept())
        except DriverError as error:
            if error.kind is not ErrorKind.MISSING:
                log.error("the kept trust bundle is not used: %s", error)  # noqa: TRY400 - no bug
        except BundleError as error:
            # Its root key was replaced, or the file is damaged: a newer bundle heals both.
            log.error("the kept trust bundle is not used: %s", error)  # noqa: TRY400 - no bug
        else:
            self._raise_versions()
        self.look()

    def _read_kept(self) -> Bundle:
        """That it is not from the future, and loses no status list, was found when it was taken. A
        clock that runs behind at a later start, or a trust file that was changed since, takes no
        list away."""
        unset = structs.replace(self._wall(), quality=ClockQuality.UNTRUSTED)
        return read_bundle(self._kept.bundle(), self._roots, Held(self._held.vouched), unset)

    def _raise_versions(self) -> None:
        """After a power cut between the bundle and its versions."""
        if self._held == self._kept.held():
            return
        try:
            self._kept.remember(self._held)
        except OSError as error:
            log.error("the versions of trust bundles are not kept: %s", error)  # noqa: TRY400

    def _take(self, data: bytes, origin: str) -> Answer:
        """Read, keep, use; under the lock."""
        try:
            bundle = read_bundle(data, self._roots, self._held, self._wall(), self._site)
            again = self._bundle is not None and bundle.digest == self._bundle.digest
            if again and self._bundle is not None and not bundle.signers > self._bundle.signers:
                return Answer(origin, self.version)
            self._kept.write(data, self._held.after(bundle, self._roots, self._site))
        except BundleError as error:
            return Answer(origin, self.version, error.fault, str(error))
        except OSError as error:
            kind = ErrorKind.FULL if error.errno == errno.ENOSPC else ErrorKind.FAILED
            sentence = f"it can't be kept in {self._kept.folder}: {error.strerror}; make room there"
            return Answer(origin, self.version, kind, sentence)
        self._use(bundle)
        return Answer(origin, self.version, taken=not again)

    def _use(self, bundle: Bundle) -> None:
        self._held = self._held.after(bundle, self._roots, self._site)
        self._bundle = bundle
        self._trust = bundle.beside(self._site)

    def _tell(self, answer: Answer) -> None:
        """Of what is taken, and of each refusal once; under the lock."""
        if answer.fault is None:
            self._forget({answer.origin})
            if not answer.taken:
                return
            log.info("trust: %s is taken; list in use: %s", answer.origin, answer.version)
        elif self._is_news(answer):
            log.warning("trust: %s is not taken: %s", answer.origin, answer.sentence)
        else:
            return
        if self._stopped.is_set():
            return  # a look that outlasted `stop`: who would be told has gone
        try:
            self._told(answer, self._trust)
        except Exception:  # the list is in use all the same
            log.exception("while telling of a trust list")

    def _is_news(self, answer: Answer) -> bool:
        """Whether it was not refused from there for that before."""
        refusal = (answer.origin, answer.fault, answer.sentence)
        if refusal in self._refused:
            return False
        if len(self._refused) == REFUSALS_MAX:
            del self._refused[next(iter(self._refused))]
        self._refused[refusal] = None
        return True

    def _forget(self, origins: set[str]) -> None:
        """Refusals of what is gone, or good now."""
        self._refused = {each: None for each in self._refused if each[0] not in origins}

    def _say_once(self, closed: set[Path]) -> Unreadable:
        """One line for each path as long as it may not be looked at; `closed` collects them."""

        def say(path: Path, error: OSError) -> None:
            closed.add(path)
            if path not in self._unreadable:
                log.warning("trust bundle: %s may not be looked at: %s", path, error.strerror)

        return say


def _stamp(path: Path, unreadable: Unreadable) -> _Stamp | None:
    """None for a file that is not there, or not to be seen."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        unreadable(path, error)
        return None
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _say_nothing(_path: Path, _error: OSError) -> None:
    """Of a file whose reader says more."""
