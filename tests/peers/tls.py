#!/usr/bin/env python3
"""SMPP over TLS with `smsim serve --tls`: smpplib and Node's ssmpp:// hold their whole conversations, bad certificates fail."""
import os, pathlib, socket, ssl, subprocess, sys, tempfile, time

from support import (
    ANSWER_S_MAX, BIND_RECEIVER, ENQUIRE_LINK, HERE, RESP, ROK, Checks, Link, Serve, bounded, http_get, pdu, steps,
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


def listener(certs, shows):
    """Where an ESME waits to be called over TLS, with that certificate: it asks for the caller's too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certs}/{shows}.pem", f"{certs}/{shows}.key")
    context.load_verify_locations(f"{certs}/ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    plain = socket.create_server(("127.0.0.1", 0))
    plain.settimeout(ANSWER_S_MAX)
    return plain, context


def called(certs, shows, options=()):
    """A text for an ESME that waits to be called: what comes over the connection, and what the records say of it."""
    plain, context = listener(certs, shows)
    with plain, tempfile.NamedTemporaryFile("w", suffix=".sms") as world:
        world.write("carrier att, latency 1ms\nuser alice +14155550101 on att\n"
                    f"esme sleepy, code 888, outbind smpps://localhost:{plain.getsockname()[1]}\n")
        world.flush()
        with Serve(world=world.name, options=["--tls-certs", certs, *options]) as serve:
            steps(serve.http, 'alice > "Wake up", to 888')
            connection = plain.accept()[0]
            connection.settimeout(ANSWER_S_MAX)
            octets = b""
            try:
                with context.wrap_socket(connection, server_side=True) as stream:
                    octets = stream.recv(4096)
                    body = b"sleepy\0sleepy\0\0\x34\0\0\0"
                    stream.sendall(pdu(BIND_RECEIVER, 1, body))
                    while b"Wake up" not in octets and (more := stream.recv(4096)):
                        octets += more
            except (OSError, ssl.SSLError):
                connection.close()
            until = time.monotonic() + ANSWER_S_MAX
            while True:
                records = http_get(serve.http, "/api/v1/worlds/default/records")[1]
                if octets or "smpps://localhost" in records or time.monotonic() > until:
                    return octets, records
                time.sleep(0.05)


def outbind(checks, certs):
    """Calls to ESMEs over TLS."""
    octets, _ = called(certs, "server")
    checks.check("an ESME is called over TLS and sent an outbind", octets[4:8] == b"\0\0\0\x0b", octets)
    checks.check("it binds, and gets what waited", b"Wake up" in octets, octets)
    for shows, reason in {"self-signed": "--tls-outbind-ca", "expired": "expired", "wrong-host": "localhost"}.items():
        octets, records = called(certs, shows)
        checks.check(f"an ESME whose certificate is {shows} is not spoken to", not octets, octets)
        checks.check("and the record says why", "TLS handshake failed" in records and reason in records, records[-600:])
    octets, _ = called(certs, "self-signed", ["--tls-outbind-ca", f"{certs}/self-signed.pem"])
    checks.check("a CA of one's own can be named", b"Wake up" in octets, octets)


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
        outbind(checks, certs)
    return checks.done()


if __name__ == "__main__":
    sys.exit(main())
