"""A certificate authority of one's own, as a company has it; it needs openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


def made_authority(place: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate for loopback, and the authority that signed it."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)

    new = ("-newkey", "rsa:2048", "-nodes")
    uses = "keyUsage=critical,keyCertSign,cRLSign"
    openssl(
        *("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"),
        *("-subj", "/CN=made", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", uses),
    )
    openssl("req", *new, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=127.0.0.1")
    text = "subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
    (place / "own.ext").write_text(text, encoding="utf-8")
    openssl(
        *("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2"),
        *("-CAcreateserial", "-extfile", "own.ext", "-out", "own.pem"),
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(place / "own.pem", place / "own.key")
    return tls, place / "ca.pem"
