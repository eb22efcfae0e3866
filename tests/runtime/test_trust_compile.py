"""From a recipe to a trust list: everything taken that can be, the rest told, nothing lost."""

import hashlib
from pathlib import Path

import pytest
from certificatekit import (
    CA,
    HEALTH_SEALS,
    certificate,
    curve_key,
    info_of,
    jwk_of,
    key_id_of,
    pem_of,
    stored,
    text_of,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.errors import UserError
from firmware.trust.compile import Compiled, Stamp, Tally, compile_trust
from firmware.trust.difference import difference, lines
from firmware.trust.offer import SourceError
from firmware.trust.recipe import LASTS_DAYS, load_recipe
from gate.credential.bundle import encode
from gate.credential.bundle.content import frame, read
from gate.credential.bundle.limits import KEYS_PER_ID_MAX
from gate.credential.publictrust import SignerKey
from gate.credential.trust import key_id
from gate.reasons import Reason

STAMP = Stamp(3, 1_800_000_000, 1_802_000_000)
DER = certificate(curve_key(1), curve_key(0))
OTHER = certificate(curve_key(2), curve_key(0))
SIGNER = certificate(curve_key(3), curve_key(0), usages=[HEALTH_SEALS])
SERVER = certificate(curve_key(4), curve_key(0))
ANCHOR = certificate(curve_key(0), curve_key(0), subject=CA)
JWK = jwk_of(curve_key(5))
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()

FILES: dict[str, object] = {
    "dcc/list.json": [
        {"kid": text_of(key_id_of(DER)), "rawData": text_of(DER)},
        {"kid": text_of(key_id_of(DER)), "rawData": text_of(DER)},
        {"kid": "bad", "rawData": text_of(DER)},
    ],
    "dcc/more/other.pem": pem_of(OTHER),
    "dcc/readme.json": {},
    "dcc/broken.json": "{",
    "cards.json": {
        "issuerInfo": [
            {
                "issuer": {"iss": "https://health.example/"},
                "keys": [JWK],
                "crls": [{"kid": JWK["kid"], "method": "rid", "rids": ["one"]}],
            }
        ]
    },
    "csca/a.der": ANCHOR,
    "csca/broken": "?",
    "csca/unread.der": ANCHOR.replace(
        b"\x2a\x86\x48\xce\x3d\x03\x01\x07", b"\x2a\x86\x48\xce\x3d\x03\x01\x7f"
    ),
    "csca/garbage.der": b"\x30\x01\x00",
    "seals/a.der": SIGNER,
    "seals/again.pem": pem_of(SIGNER),
    "seals/server.der": SERVER,
    "key.pem": (
        f"-----BEGIN PUBLIC KEY-----\n{text_of(info_of(curve_key(6)))}\n-----END PUBLIC KEY-----\n"
    ),
    "trust.toml": (
        f'[[issuer]]\nname = "Example"\npublic_key = "{text_of(OFFICE)}"\nkinds = ["visitor"]\n'
    ),
    "revoked/dcc.txt": hashlib.sha256(b"one").hexdigest(),
    "revoked/later.json": {"kid": "k", "method": "rid", "rids": ["a." + "9" * 5_000]},
    "five.json": {"issuerInfo": [{"issuer": {"iss": "https://a.example"}, "crls": 5}]},
    "revoked/cards.json": {"kid": JWK["kid"], "method": "rid", "rids": ["two.5"]},
}
RECIPE = """
lasts_days = 7
[[hcert]]
files = ["dcc"]
[[shc]]
files = ["cards.json"]
[[vds]]
anchors = ["csca"]
signers = ["seals"]
[[vc]]
method = "did:example"
issuer = "https://vc.example/"
files = ["key.pem"]
[own]
trust = "trust.toml"
[revoked]
hcert = ["revoked/dcc.txt"]
shc = ["revoked/cards.json"]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """An office's folder with a source of every kind."""
    for name, content in FILES.items():
        stored(tmp_path, name, content)
    return tmp_path


def compiled(folder: Path, recipe: str = RECIPE) -> Compiled:
    return compile_trust(load_recipe(stored(folder, "recipe.toml", recipe)), folder, STAMP)


def test_all_sources_at_once(desk: Path) -> None:
    """Every kind of source ends in its place in the list, which is one that a gate takes."""
    found = compiled(desk)
    public = found.trust.public
    assert (public.version, public.created_s, public.expires_s) == (3, 1_800_000_000, 1_802_000_000)
    assert public.hcert.keys() == {key_id_of(DER), key_id_of(OTHER)}
    assert public.shc.keys() == {JWK["kid"]}
    assert isinstance(public.vds[hashlib.sha256(SIGNER).digest()], SignerKey)
    server = hashlib.sha256(SERVER).digest()
    assert public.vds_refused == {server: Reason.CREDENTIAL_KIND_NOT_ISSUED}
    assert public.vc["did:example"][0].issuer == "https://vc.example/"
    assert found.trust.keys.keys() == {key_id(OFFICE)}
    assert public.hcert_revoked == {hashlib.sha256(b"one").digest()[:16]}
    assert public.shc_revoked[JWK["kid"]].rids == {"one": 1 << 32, "two": 5}
    assert read(frame(encode(found.trust))) == found.trust


def test_what_was_left_out_is_told(desk: Path) -> None:
    """Counts by format, and each key or file that was quarantined with its reason."""
    found = compiled(desk)
    assert found.tallies == (
        Tally("hcert", 4, 2, 1, 3),
        Tally("shc", 1, 1, 0, 0),
        Tally("vc", 1, 1, 0, 0),
        Tally("vds", 3, 1, 1, 4),
        Tally("hcert revoked", 1, 1, 0, 0),
        Tally("shc revoked", 2, 2, 0, 0),
    )
    told = {(Path(each.origin).name, each.why) for each in found.quarantined}
    assert told == {
        ("list.json", "a key id that is not eight bytes in base64"),
        ("readme.json", "no key in it"),
        ("broken.json", "no JSON"),
        ("broken", "no base64"),
        ("garbage.der", "no certificate: cut short"),
        ("unread.der", "an anchor whose key can't be read"),
        ("server.der", "it may not sign health seals"),
    }


def test_two_people_compile_the_same_bytes(desk: Path) -> None:
    """From the same sources, whatever their order."""
    again = RECIPE.replace('["dcc"]', '["dcc/more", "dcc"]')
    assert encode(compiled(desk).trust) == encode(compiled(desk, again).trust)


def test_key_ids_of_an_issuer_that_names_its_keys_otherwise(desk: Path) -> None:
    """They are taken where the recipe names them, and quarantined where it does not."""
    stored(desk, "named.json", {"keys": [{**JWK, "kid": "2021-1"}, {**JWK, "kid": "2021-2"}]})
    source = '[[shc]]\nissuer = "https://cards.example"\nfiles = ["named.json"]\n'
    found = compiled(desk, source + 'key_ids = ["2021-1"]\n')
    assert found.trust.public.shc.keys() == {"2021-1"}
    assert read(frame(encode(found.trust))) == found.trust
    assert ["thumbprint" in each.why for each in found.quarantined] == [True]


def test_keys_without_end_under_one_id(tmp_path: Path) -> None:
    """A gate tries them all, so there is a most."""
    entries = [
        {"kid": "AAAAAAAAAAA=", "rawData": text_of(certificate(curve_key(number), curve_key(0)))}
        for number in range(KEYS_PER_ID_MAX + 2)
    ]
    stored(tmp_path, "list.json", entries)
    found = compiled(tmp_path, '[[hcert]]\nfiles = ["list.json"]')
    assert len(found.trust.public.hcert[bytes(8)]) == KEYS_PER_ID_MAX
    assert [each.why for each in found.quarantined] == ["more than 8 keys of one id"] * 2


def test_an_anchor_in_one_of_two_sources(desk: Path) -> None:
    """A signer that one source refuses and the other's anchor vouches for is trusted."""
    stored(desk, "elsewhere.der", certificate(curve_key(9), curve_key(9)))
    first = '[[vds]]\nanchors = ["elsewhere.der"]\nsigners = ["seals/a.der"]\n'
    found = compiled(desk, first + RECIPE[RECIPE.index("[[vds]]") :])
    assert hashlib.sha256(SIGNER).digest() in found.trust.public.vds
    assert hashlib.sha256(SIGNER).digest() not in found.trust.public.vds_refused


def test_an_empty_recipe_is_an_empty_list(tmp_path: Path) -> None:
    found = compiled(tmp_path, "")
    assert not found.tallies
    assert not found.trust.keys
    assert list(lines(found.trust)) == []
    assert load_recipe(tmp_path / "recipe.toml").lasts_days == LASTS_DAYS


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        ('[[hcert]]\nfiles = ["none"]', "is not there"),
        ('[[hcert]]\nfiles = ["dcc/readme.json"]', "give no key: no key in it"),
        ("[[hcert]]\nfiles = []", "nothing is offered"),
        ('[[vds]]\nanchors = ["csca"]\nsigners = ["seals/server.der"]', "may not sign"),
        ('[own]\ntrust = "none.toml"', "is not there"),
        ('[revoked]\nhcert = ["revoked/dcc.txt", "key.pem"]', r"key\.pem.*correct the file"),
        ('[revoked]\nhcert = ["dcc/list.json"]', r"list\.json: an entry without a hash"),
        ('[revoked]\nshc = ["revoked/later.json"]', r"later\.json.*out of range"),
        ('[[shc]]\nfiles = ["cards.json", "five.json"]', r"five\.json.*another form"),
        (f'[[hcert]]\nfiles = ["{"x" * 300}"]', r"x: .*correct the recipe"),
        ('[revoked]\nshc = ["dcc/list.json"]', r"list\.json.*correct the file"),
    ],
)
def test_nothing_is_lost_in_silence(desk: Path, recipe: str, why: str) -> None:
    """A source that gives nothing, and a revocation that can't be read, stop the whole."""
    with pytest.raises(SourceError, match=why):
        compiled(desk, recipe)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        ("[[hcert]]\nfile = []", "files|file"),
        ("hcert = " + "[" * 3_000 + "]" * 3_000, "nested too deeply"),
        ("lasts_days = 0", "between 1 and 366"),
        ('[[shc]]\nfiles = ["cards.json"]\nkey_ids = ["2021-1"]', "no issuer whose they are"),
        ("[[", "recipe"),
    ],
)
def test_a_recipe_that_was_written_wrongly(tmp_path: Path, recipe: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        compiled(tmp_path, recipe)


def test_what_changed(desk: Path) -> None:
    """Every line is told on the side where it is; the same list has no difference."""
    whole = compiled(desk).trust
    less = compiled(desk, RECIPE.replace('["dcc"]', '["dcc/more"]').split("[revoked]")[0]).trust
    changed = difference(less, whole)
    assert [(line.format, line.id) for line in changed.added] == [
        ("hcert", key_id_of(DER).hex()),
        ("hcert revoked", hashlib.sha256(b"one").digest()[:16].hex()),
        ("shc revoked", "two"),
    ]
    assert not changed.removed
    assert changed
    assert difference(whole, less).removed == changed.added
    assert not difference(whole, whole)
