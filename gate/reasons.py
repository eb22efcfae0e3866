"""Why a visitor was not let in, or why a lane stopped: one closed list.

A reason is for the record and for the officer. The visitor reads a neutral sentence
(`gate.wording`). A new refusal needs a new member here; nothing refuses with free text.
"""

import enum


class Reason(enum.StrEnum):
    """Every reason that a record, an officer's screen or a test may name."""

    # What a stranger's code can be refused for, in the order in which it is looked at.
    CODE_TOO_LONG = "code_too_long"
    CODE_SPLIT = "code_split"
    """One part of a structured-append series; the gate reads whole codes only."""
    CODE_IS_URL = "code_is_url"
    """A web address. The gate trusts keys, never domains, and follows nothing."""
    CODE_UNKNOWN_FORMAT = "code_unknown_format"
    CODE_MALFORMED = "code_malformed"
    CODE_TOO_LARGE = "code_too_large"
    """What it inflates to is beyond its bound."""
    CREDENTIAL_CRITICAL = "credential_critical"
    """It says that whoever does not understand one of its headers must refuse it, and we do not."""
    CREDENTIAL_ALGORITHM = "credential_algorithm"
    CREDENTIAL_ISSUER_UNKNOWN = "credential_issuer_unknown"
    CREDENTIAL_SIGNATURE = "credential_signature"
    CREDENTIAL_KIND_NOT_ISSUED = "credential_kind_not_issued"
    """The issuer's key is good, but not for this kind of pass."""
    CREDENTIAL_ISSUER_MISMATCH = "credential_issuer_mismatch"
    """It names another issuer than the one whose key it points at."""
    CREDENTIAL_ISSUER_EXPIRED = "credential_issuer_expired"
    """The issuer's certificate had expired."""
    CREDENTIAL_CONTENT = "credential_content"
    """Genuine, but what it states is not what such a certificate states."""
    TRUST_LIST_OUTDATED = "trust_list_outdated"
    """The list of public issuers is too old to believe anybody on it."""
    CREDENTIAL_NOT_YET_VALID = "credential_not_yet_valid"
    CREDENTIAL_EXPIRED = "credential_expired"
    CREDENTIAL_REVOKED = "credential_revoked"
    PROOF_MISSING = "proof_missing"
    """A badge that must be shown live was shown as a picture."""
    PROOF_SIGNATURE = "proof_signature"
    PROOF_NOT_CURRENT = "proof_not_current"
    """The live code is from another half minute."""

    # What this site's policy says of a genuine credential.
    KIND_NOT_ACCEPTED = "kind_not_accepted"
    ISSUER_NOT_ACCEPTED = "issuer_not_accepted"
    DOSES_TOO_FEW = "doses_too_few"
    HEALTH_RULES = "health_rules"
    """The site's dated health rules do not admit on this certificate as it is."""
    TRUST_LIST_OLD = "trust_list_old"
    """The list of public issuers is old: an officer looks."""
    PASS_ALREADY_USED = "pass_already_used"
    ANTI_PASSBACK = "anti_passback"
    OUTSIDE_HOURS = "outside_hours"
    HOLIDAY = "holiday"
    CAPACITY_REACHED = "capacity_reached"
    CLOCK_UNTRUSTED = "clock_untrusted"

    # Temperature.
    TEMPERATURE_ELEVATED = "temperature_elevated"
    """First elevated measurement: sit for five minutes and be measured again."""
    TEMPERATURE_ELEVATED_TWICE = "temperature_elevated_twice"
    RECHECK_TOO_EARLY = "recheck_too_early"
    TEMPERATURE_UNAVAILABLE = "temperature_unavailable"
    """No plausible, agreeing readings within the time for it."""

    # Chamber.
    CHAMBER_INTERLOCK = "chamber_interlock"
    CHAMBER_UNAVAILABLE = "chamber_unavailable"

    # The visitor's own doing.
    VISITOR_LEFT = "visitor_left"
    VISITOR_TIMEOUT = "visitor_timeout"
    TURNED_BACK = "turned_back"
    OBSTRUCTION = "obstruction"
    TAILGATING = "tailgating"
    WRONG_WAY = "wrong_way"

    # Staff.
    OFFICER_ADMITTED = "officer_admitted"
    OFFICER_REFUSED = "officer_refused"
    FREE_EGRESS = "free_egress"

    # The lane itself.
    STARTING = "starting"
    SELF_CHECK_FAILED = "self_check_failed"
    MAINTENANCE = "maintenance"
    FIRE = "fire"
    EMERGENCY_STOP = "emergency_stop"
    TAMPER = "tamper"
    DEVICE_FAULT = "device_fault"
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    GRANT_NOT_COMMITTED = "grant_not_committed"
    RESTART = "restart"
    """The process ended while a grant was open: its outcome is unknown."""
    SHUTDOWN = "shutdown"
