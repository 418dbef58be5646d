#!/usr/bin/env python3
"""SMPP over TLS with `smsim serve --tls`: smpplib and Node's ssmpp:// hold their whole conversations, bad certificates fail."""
import os, pathlib, socket, ssl, subprocess, sys, tempfile

from support import (
    ANSWER_S_MAX, ENQUIRE_LINK, HERE, RESP, ROK, Checks, Link, Serve, bounded, pdu,
)

REASONS = {"expired": "expired", "wrong-host": "mismatch", "self-signed": "self-signed certificate"}


def conversation(checks, serve, certs, command):
    """A peer's own checks, over TLS."""
    environment = {**os.environ, "SMPP_PORT": str(serve.smpps), "HTTP_PORT": str(serve.http), "TLS_CA": f"{certs}/ca.pem"}
    code = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment).returncode
    checks.equal(f"{pathlib.Path(command[-1]).name} over TLS", code, 0)


def shake_hands(port, certs, host="localhost", shows=None):
    """A connection; an error when the certificate is refused, on either side."""
    context = ssl.create_default_context(cafile=f"{certs}/ca.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if shows:
        context.load_cert_chain(f"{certs}/{shows}.pem", f"{certs}/{shows}.key")
    plain = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX)
    return context.wrap_socket(plain, server_hostname=host)


def enquired(stream):
    """Whether an enquire_link is answered."""
    try:
        stream.sendall(pdu(ENQUIRE_LINK, 9))
        return stream.recv(16) == pdu(RESP | ENQUIRE_LINK, 9, status=ROK)
    except OSError:
        return False


def main():
    bounded()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="smsim-certs-") as certs:
        with Serve(options=["--tls-certs", certs]) as serve:
            conversation(checks, serve, certs, [sys.executable, str(HERE / "smpplib_peer.py")])
            conversation(checks, serve, certs, ["node", str(HERE / "node_smpp_peer.js")])
            for host in ("localhost", "127.0.0.1", "::1"):
                with shake_hands(serve.smpps, certs, host) as stream:
                    checks.check(f"strict OpenSSL takes the certificate for {host}", enquired(stream))
            with Link(serve.smpp) as link:
                checks.equal("the port without TLS goes on", link.send(pdu(ENQUIRE_LINK, 9)).answer(),
                             (RESP | ENQUIRE_LINK, ROK, 9))
        for fault, reason in REASONS.items():
            with Serve(options=["--tls-certs", certs, "--tls-fault", fault]) as serve:
                try:
                    shake_hands(serve.smpps, certs).close()
                    why = "it was taken"
                except ssl.SSLCertVerificationError as error:
                    why = error.verify_message
                checks.check(f"OpenSSL refuses the certificate that is {fault}", reason in why, why)
        with Serve(options=["--tls-certs", certs, "--tls-client-ca", f"{certs}/ca.pem"]) as serve:
            with shake_hands(serve.smpps, certs) as stream:
                checks.check("a server that asks for a certificate turns away who has none", not enquired(stream))
            with shake_hands(serve.smpps, certs, shows="client") as stream:
                checks.check("and takes the ESME's", enquired(stream))
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
