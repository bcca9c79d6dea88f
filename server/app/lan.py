"""HTTPS on the local network without a public name (D-32).

A phone registers no service worker behind a certificate warning, so a self-signed server certificate
is not enough. ``prepare`` makes a small authority that may sign private addresses only, and a leaf
for this machine's present addresses; ``page`` serves the authority's certificate and how to install
it over plain HTTP, because a phone that does not trust us yet could load nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import ipaddress
import os
import socket
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.platform import clock
from server.platform.settings import Settings

CERTIFICATE_TYPE = "application/x-x509-ca-cert"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10")
AUTHORITY_DAYS = 3650
# Phones refuse leaves that live longer than 825 days; 397 is what browsers accept everywhere.
LEAF_DAYS = 397
RENEW_BEFORE = timedelta(days=30)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Places:
    """Files of the local authority under the data directory; keys are readable by the owner only."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        return self.folder / "ca.key"

    @property
    def leaf(self) -> Path:
        return self.folder / "leaf.pem"

    @property
    def leaf_key(self) -> Path:
        return self.folder / "leaf.key"


def addresses() -> list[Address]:
    """This machine's addresses on its networks, the one it would use to go out first."""
    found: list[Address] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing; it only picks the outgoing address.
            probe.connect(("192.0.2.1", 9))
            found.append(ipaddress.ip_address(probe.getsockname()[0]))
        except OSError:
            found.append(ipaddress.ip_address("127.0.0.1"))
    try:
        named = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        named = []
    for entry in named:
        found.append(ipaddress.ip_address(str(entry[4][0])))
    found.append(ipaddress.ip_address("127.0.0.1"))
    return list(dict.fromkeys(found))


def prepare(places: Places, own: list[Address], now: datetime) -> bool:
    """Make what is missing or out of date; True when a new leaf was made."""
    places.folder.mkdir(parents=True, exist_ok=True)
    authority, key = _authority(places, own, now)
    if places.leaf.exists() and places.leaf_key.exists():
        leaf = x509.load_pem_x509_certificates(places.leaf.read_bytes())[0]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = set(names.get_values_for_type(x509.IPAddress))
        young = leaf.not_valid_after_utc - now > RENEW_BEFORE
        if young and set(own) <= known and leaf.issuer == authority.subject:
            return False
    _new_leaf(places, authority, key, own, now)
    return True


def _authority(
    places: Places, own: list[Address], now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if places.authority.exists() and places.authority_key.exists():
        stored = serialization.load_pem_private_key(places.authority_key.read_bytes(), password=None)
        if not isinstance(stored, ec.EllipticCurvePrivateKey):
            raise SystemExit(f"{places.authority_key} 不是随检的密钥，请移走后再试")
        return x509.load_pem_x509_certificate(places.authority.read_bytes()), stored
    key = ec.generate_private_key(ec.SECP256R1())
    # The name carries part of the key's hash: two installations never look the same on a phone.
    public = key.public_key()
    mark = x509.SubjectKeyIdentifier.from_public_key(public).digest.hex()[:8]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Suijian LAN {mark}"),
                      x509.NameAttribute(NameOID.ORGANIZATION_NAME, "随检 局域网")])
    networks = [ipaddress.ip_network(text) for text in PRIVATE]
    networks += [ipaddress.ip_network(each) for each in own if not any(each in network for network in networks)]
    permitted: list[x509.GeneralName] = [x509.IPAddress(network) for network in networks]
    permitted += [x509.DNSName("localhost"), x509.DNSName("local")]
    certificate = (
        _builder(name, name, public, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        # Whoever installs this must not have to trust us for the rest of the internet.
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(places.authority_key, _pem(key), secret=True)
    _write(places.authority, certificate.public_bytes(serialization.Encoding.PEM), secret=False)
    return certificate, key


def _new_leaf(places: Places, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey,
              own: list[Address], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), *(x509.IPAddress(each) for each in own)]
    certificate = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "随检")]), authority.subject, key.public_key(),
                 now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    chain = certificate.public_bytes(serialization.Encoding.PEM) + authority.public_bytes(serialization.Encoding.PEM)
    _write(places.leaf_key, _pem(key), secret=True)
    _write(places.leaf, chain, secret=False)


def _builder(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime,
             days: int) -> x509.CertificateBuilder:
    # A phone's clock may run behind: the certificate is valid since yesterday.
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days)))


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
                         key_encipherment=False, data_encipherment=False, key_agreement=False,
                         encipher_only=False, decipher_only=False)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _write(path: Path, content: bytes, *, secret: bool) -> None:
    """Replace ``path`` in one step, with its final mode from the first byte on."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate in groups of four, as people compare it."""
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    return " ".join(digest[at:at + 4] for at in range(0, len(digest), 4))


def page_html(app_address: str, certificate: x509.Certificate) -> str:
    """The page a phone opens first. Plain: it must work in every browser, without scripts."""
    return PAGE.format(app=html.escape(app_address), print=fingerprint(certificate))


PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>随检：安装局域网证书</title>
<style>body{{font:17px/1.7 sans-serif;max-width:38em;margin:1em auto;padding:0 1em}}
a.go{{display:inline-block;background:#0b4f8a;color:#fff;padding:.7em 1.2em;border-radius:.4em;text-decoration:none}}
code{{word-break:break-word}}</style></head>
<body><h1>随检：安装局域网证书</h1>
<p>手机信任这张证书以后，才能离线使用。它只能用于局域网地址，不能冒充互联网上的网站。</p>
<p><a class="go" href="/ca.crt">1. 下载证书</a></p>
<p>2. 核对指纹，须与服务器屏幕上显示的一致：<br><code>{print}</code></p>
<h2>iPhone、iPad</h2>
<p>用 Safari 下载，允许“配置描述文件”；在“设置 › 通用 › VPN与设备管理”里安装；
再到“设置 › 通用 › 关于本机 › 证书信任设置”里打开它。</p>
<h2>安卓、鸿蒙</h2>
<p>下载后打开“设置”，搜索“证书”，选“从存储设备安装 › CA 证书”，选中 ca.crt。</p>
<h2>3. 打开随检</h2>
<p><a class="go" href="{app}">{app}</a></p>
<p>打开后用浏览器菜单“添加到主屏幕”。不再使用时，请在同一处删除这张证书。</p>
</body></html>
"""


def serve_page(places: Places, app_address: str, port: int) -> None:
    """Answer two addresses, the page and the certificate, until the process is ended."""
    certificate = x509.load_pem_x509_certificate(places.authority.read_bytes())
    answers = {
        "/": ("text/html; charset=utf-8", page_html(app_address, certificate).encode()),
        "/ca.crt": (CERTIFICATE_TYPE, certificate.public_bytes(serialization.Encoding.DER)),
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            kind, content = answers.get(self.path.partition("?")[0], ("", b""))
            self.send_response(200 if kind else 404)
            if kind:
                self.send_header("Content-Type", kind)
                self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    ThreadingHTTPServer(("", port), Handler).serve_forever()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m server.app.lan", description="局域网 HTTPS")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="建立或更新证书")
    where = commands.add_parser("where", help="打印手机该打开的地址")
    page = commands.add_parser("page", help="提供证书下载页（明文 HTTP）")
    for each in (where, page):
        each.add_argument("--port", type=int, required=True)
    page.add_argument("--app-port", type=int, required=True)
    options = parser.parse_args(arguments)
    places = Places(Settings.from_env().data / "lan")
    own = addresses()
    if options.command == "prepare":
        print("新证书" if prepare(places, own, clock.now()) else "证书仍有效", ", ".join(map(str, own)))
    elif options.command == "where":
        first = f"http://{own[0]}:{options.port + 1}/"
        certificate = x509.load_pem_x509_certificate(places.authority.read_bytes())
        print(f"手机先打开    {first}  安装证书，再打开 https://{own[0]}:{options.port}/")
        print(f"证书指纹      {fingerprint(certificate)}")
        segno.make(first, error="m").terminal(out=sys.stdout, compact=True)
    else:
        serve_page(places, f"https://{own[0]}:{options.app_port}/", options.port)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
