"""Whom a lane will believe and by which health rules it judges, and what is unwise about it."""

from collections.abc import Iterator
from pathlib import Path

from drivers.api import DriverError
from drivers.rulestore import load_all_rules
from drivers.trust.roots import load_roots
from drivers.trust.store import DEVICE, load_trust
from drivers.wholefile import read_whole
from firmware.config.model import Config
from firmware.config.wording import shown
from firmware.formats import MISSING, has_w3c
from gate.credential.bundle import BUNDLE_BYTES_MAX, BundleError, Held, read_bundle
from gate.credential.publictrust import EMPTY, PublicTrust
from gate.credential.trust import TrustList, trust_list
from gate.policy import Stage
from gate.walltime import ClockQuality, WallTime

_NO_CLOCK = WallTime(0, quality=ClockQuality.UNTRUSTED)
"""How old a list is, a running lane says; here it is asked whether it can be taken at all."""


def trust_cautions(config: Config) -> Iterator[str]:
    """One sentence each. Reads the files that are named; never raises for what it finds."""
    if Stage.CREDENTIAL not in config.policy.stages:
        return
    site, public, whole = trust_list(()), EMPTY, True
    if config.trust is not None:
        try:
            site = load_trust(config.trust)
        except DriverError as error:
            whole = False
            yield f"trust: {error.message}."
    if config.trust_bundle is not None and config.trust_roots is not None:
        try:
            bundle = _bundle(config.trust_bundle, config.trust_roots)
        except DriverError as error:
            whole = False
            yield f"trust_bundle: {error.message}; the lane goes on with the list that it has kept."
        except BundleError as error:
            whole = False
            yield f"trust_bundle: {config.trust_bundle}: {error}."
        else:
            site, public = TrustList({**bundle.keys, **site.keys}), bundle.public
            if public.vc and not has_w3c():
                yield f"trust_bundle: {MISSING}."
    if whole:  # else nobody can say who is missing
        yield from _issuers(config, site, public)
    yield from _rules(config)


def _rules(config: Config) -> Iterator[str]:
    try:
        load_all_rules(config.health_rules)
    except DriverError as error:
        yield f"health_rules: {error.message}."


def _bundle(path: Path, roots: Path) -> TrustList:
    data = read_whole(path, BUNDLE_BYTES_MAX, DEVICE)
    return read_bundle(data, load_roots(roots), Held(), _NO_CLOCK).trust


def _issuers(config: Config, site: TrustList, public: PublicTrust) -> Iterator[str]:
    """Who is named, and who is not there to be named."""
    names = {key.name for key in site.keys.values()}
    if not names and public is EMPTY:
        yield (
            f"trust: {config.trust} names no issuer, so that no pass is believed; "
            "add one with `gate pass keygen --trust`."
        )
    names |= _public_issuers(public)
    source = config.trust or config.trust_bundle
    for name in config.policy.credential.issuers:
        if name not in names:
            yield (
                f"policy.credential.issuers names {shown(name)}, whom {source} does not; "
                f"it has {', '.join(map(shown, sorted(names))) or 'nobody'}."
            )


def _public_issuers(public: PublicTrust) -> set[str]:
    groups = (*public.hcert.values(), *public.shc.values(), *public.vc.values())
    return {key.issuer for group in groups for key in group} | {
        key.issuer for key in public.vds.values()
    }
