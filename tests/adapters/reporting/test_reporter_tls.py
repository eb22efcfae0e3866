"""The lane and its broker prove to each other who they are."""

import datetime as dt
import ipaddress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drivers.reporter import Tls

pytestmark = pytest.mark.broker

Given = Any
"""A helper that `conftest.py` gives: brokers, listeners, a lane."""


class Authority:
    """A certificate authority for one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.path = self._write("ca", self._sign(self._name, self._key.public_key(), is_ca=True))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Paths of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        key_path = self._folder / f"{name}.key"
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return self._write(name, self._sign(subject, key.public_key(), is_ca=False)), key_path

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, is_ca: bool
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        name = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _write(self, name: str, certificate: x509.Certificate) -> Path:
        path = self._folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def _secured(make_broker: Given, authority: Authority) -> Given:
    cert, key = authority.issue("broker")
    return make_broker(
        extra=f"cafile {authority.path}\ncertfile {cert}\nkeyfile {key}\nrequire_certificate true"
    ).start()


def test_a_lane_with_its_certificate_reports(
    lane: Given, make_broker: Given, authority: Authority, wait_until: Given
) -> None:
    """Both certificates hold: a backlog goes out, whole."""
    broker = _secured(make_broker, authority)
    cert, key = authority.issue("lane")
    lane.write(1, 300)
    tls = Tls(ca_path=str(authority.path), cert_path=str(cert), key_path=str(key))
    reporter = lane.report(broker.port, tls=tls)

    wait_until(lambda: lane.journal.cursor[1] == 300, "the backlog")
    assert reporter.status().trouble is None


@pytest.mark.parametrize("missing", ["certificate", "authority", "file"])
def test_without_proof_nothing_is_sent(
    lane: Given, make_broker: Given, authority: Authority, wait_until: Given, missing: str
) -> None:
    """No certificate of ours, no authority that vouches for the broker, no file: never connected,
    and the reason is at hand."""
    broker = _secured(make_broker, authority)
    ca_path = {"certificate": str(authority.path), "authority": None, "file": "/nowhere/ca.pem"}
    lane.write(1, 3)
    reporter = lane.report(broker.port, tls=Tls(ca_path=ca_path[missing]))

    wait_until(lambda: reporter.status().trouble is not None, "a reason")
    assert reporter.status().connections == 0
    assert lane.journal.cursor[1] == 0
