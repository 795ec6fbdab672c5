"""Networks that a set-up ends badly on: package indexes of our own, on this machine, that behave as
those of a conference or a company do."""

import contextlib
import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOGIN = b"<html><body><h1>Welcome to HotelNet</h1><form>Room number: <input></form></body></html>"


class LoginPage(http.server.BaseHTTPRequestHandler):
    """A captive portal: whatever is asked for, it answers with its own page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(LOGIN)))
        self.end_headers()
        self.wfile.write(LOGIN)

    do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


class Redirecting(LoginPage):
    """A captive portal that sends everyone on to another address, its login page."""

    def do_GET(self):
        if self.path.startswith("/login"):
            return super().do_GET()
        self.send_response(302)
        self.send_header("Location", "/login?then=" + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Authenticating(LoginPage):
    """A portal of the newer kind: https://www.rfc-editor.org/rfc/rfc6585#section-6."""

    def do_GET(self):
        self.send_response(511)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(LOGIN)))
        self.end_headers()
        self.wfile.write(LOGIN)


@contextlib.contextmanager
def index(handler=LoginPage, certificate: Path | None = None) -> Iterator[str]:
    """The address of an index that `handler` answers for, over TLS with that certificate."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *arguments: None  # clients that refuse it are the point
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@contextlib.contextmanager
def silent_index() -> Iterator[str]:
    """One that takes every connection and never sends a byte."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def certificate(folder: Path, first_day: datetime.date, last_day: datetime.date) -> Path:
    """A certificate for 127.0.0.1 with its key, and that of the authority that vouches for it, in
    one file. No machine knows the authority; one whose SSL_CERT_FILE is this file trusts it."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("An authority of the company")
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    always = datetime.date(2000, 1, 1), datetime.date(2100, 1, 1)
    vouching = (
        _begun(issuer, issuer, authority, *always)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    signed = (
        _begun(issuer, _name("An index"), key, first_day, last_day)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(secret + signed.public_bytes(pem) + vouching.public_bytes(pem))
    return file


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _begun(issuer, subject, key, first_day, last_day) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime.combine(first_day, datetime.time()))
        .not_valid_after(datetime.datetime.combine(last_day, datetime.time()))
    )


if __name__ == "__main__":  # python tests/environments/networks.py login
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        kind = sys.argv[1]
        today, year = datetime.date.today(), datetime.timedelta(365)
        if kind == "silent":
            url = stack.enter_context(silent_index())
        elif kind in ("login", "redirecting", "authenticating"):
            handler = {
                "login": LoginPage,
                "redirecting": Redirecting,
                "authenticating": Authenticating,
            }
            url = stack.enter_context(index(handler[kind]))
        else:
            days = {
                "company": (today - year, today + year),
                "expired": (today - 2 * year, today - year),
                "future": (today + year, today + 2 * year),
            }
            url = stack.enter_context(index(certificate=certificate(Path(folder), *days[kind])))
        print(url, flush=True)
        time.sleep(60)
