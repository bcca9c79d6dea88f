"""The authority of the local network: phones accept its leaf here and nowhere else."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from server.app import lan

HOME = [ipaddress.ip_address("127.0.0.1")]
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def places(tmp_path):
    return lan.Places(tmp_path / "局域网 证书")


def shake_hands(places, name):
    """One TLS handshake against the leaf; returns the verified certificate or raises."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(places.leaf, places.leaf_key)
    client = ssl.create_default_context(cafile=str(places.authority))
    near, far = socket.socketpair()
    refused = []

    def answer():
        try:
            server.wrap_socket(far, server_side=True).close()
        except ssl.SSLError as fault:
            refused.append(fault)
        finally:
            far.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname=name) as secured:
            return secured.getpeercert()
    finally:
        near.close()
        thread.join(10)


def leaf_of(places):
    return x509.load_pem_x509_certificates(places.leaf.read_bytes())[0]


def test_a_client_with_the_authority_trusts_the_leaf_at_its_address(places):
    lan.prepare(places, HOME, datetime.now(UTC))
    assert ("IP Address", "127.0.0.1") in shake_hands(places, "127.0.0.1")["subjectAltName"]


def test_the_authority_cannot_vouch_for_a_public_site(places):
    now = datetime.now(UTC)
    lan.prepare(places, HOME, now)
    authority, signer = lan._authority(places, HOME, now)
    public = [ipaddress.ip_address("198.51.100.7")]
    lan._new_leaf(places, authority, signer, public, now)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        shake_hands(places, "198.51.100.7")


def test_a_second_start_keeps_the_leaf(places):
    assert lan.prepare(places, HOME, NOW) is True
    first = places.leaf.read_bytes()
    assert lan.prepare(places, HOME, NOW + timedelta(days=300)) is False
    assert places.leaf.read_bytes() == first


def test_a_new_address_or_an_old_leaf_gets_a_new_leaf_from_the_same_authority(places):
    lan.prepare(places, HOME, NOW)
    authority, first = places.authority.read_bytes(), leaf_of(places)
    moved = [ipaddress.ip_address("192.168.7.9"), *HOME]
    assert lan.prepare(places, moved, NOW) is True
    second = leaf_of(places)
    assert lan.prepare(places, moved, NOW + timedelta(days=390)) is True
    assert len({first.serial_number, second.serial_number, leaf_of(places).serial_number}) == 3
    assert places.authority.read_bytes() == authority


def test_the_leaf_lives_no_longer_than_phones_accept(places):
    lan.prepare(places, HOME, NOW)
    leaf = leaf_of(places)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=398)


def test_private_keys_are_readable_by_the_owner_only(places):
    lan.prepare(places, HOME, NOW)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (places.authority_key, places.leaf_key)} == {0o600}


def test_the_page_shows_the_fingerprint_the_terminal_shows(places):
    lan.prepare(places, HOME, NOW)
    certificate = x509.load_pem_x509_certificate(places.authority.read_bytes())
    page = lan.page_html("https://192.168.7.9:8600/", certificate)
    assert lan.fingerprint(certificate) in page
    assert page.count("https://192.168.7.9:8600/") == 2
