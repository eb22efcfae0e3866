"""Every fuzz target by its name."""

from __future__ import annotations

from importlib.util import find_spec

import bundle_target
import certificate_target
import hcert_target
import native_target
import parser_targets
import proof_target
import shc_target
import vdsnc_target
from fuzzkit import Target


def _of_the_extra() -> tuple[Target, ...]:
    """W3C certificates need a library that comes with an extra."""
    if find_spec("pyld") is None:
        return ()
    import vc_target  # noqa: PLC0415 - needs the extra

    return vc_target.ZIP, vc_target.TARGET


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        parser_targets.BASE45,
        parser_targets.BASE64URL,
        parser_targets.CBOR,
        parser_targets.JSON,
        native_target.TARGET,
        proof_target.TARGET,
        hcert_target.TARGET,
        shc_target.TARGET,
        vdsnc_target.TARGET,
        *_of_the_extra(),
        bundle_target.TARGET,
        certificate_target.TARGET,
    )
}
