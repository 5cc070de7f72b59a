"""Webhooks over real connections: to the checked address and no other, by TLS for the name, and nothing else."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from selection.domain.webhook_address import Reach
from selection.store.webhook_sender import WebhookSender

from tests.builders.webhook_receiver import HANG, Receiver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from selection.domain.webhook_address import Address

NAME = "hooks.example"
LOOPBACK = ip_address("127.0.0.1")
# Never called: what leads there leads to a place of ours as well, or was asked for too late.
PUBLIC = ip_address("8.8.8.8")


class Names:
    """A resolver that answers what it is told, one answer a question; the last again and again."""

    def __init__(self, *answers: Sequence[Address]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name shows, and what a client needs to believe it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())


async def test_the_connection_goes_to_the_checked_address_and_the_certificate_must_be_the_names(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, NAME)
    named: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: named.append(name)
    # A name that changes its mind after it was checked.
    names = Names([LOOPBACK], [PUBLIC])
    async with Receiver(trust=server) as receiver:
        sender = WebhookSender(Reach(own_network=True), resolve=names, trust=client)
        answer = await sender.post(f"https://{NAME}:{receiver.port}/a?b=c", {"webhook-id": "d"}, b"{}")
    assert (answer.status, answer.error) == (204, "")
    assert names.asked == [(NAME, receiver.port)]
    assert named == [NAME]
    (sent,) = receiver.sent
    assert (sent.path, sent.headers["host"], sent.body) == ("/a?b=c", f"{NAME}:{receiver.port}", b"{}")
    assert sent.headers["webhook-id"] == "d"


async def test_a_server_with_anothers_certificate_or_none_that_is_known_gets_nothing(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, "other.example")
    async with Receiver(trust=server) as receiver:
        for trust in (client, None):
            sender = WebhookSender(Reach(own_network=True), resolve=Names([LOOPBACK]), trust=trust)
            answer = await sender.post(f"https://{NAME}:{receiver.port}/", {}, b"{}")
            assert answer.status == 0
            assert "certificate" in answer.error.lower()
    assert receiver.sent == []


@pytest.mark.parametrize("addresses", [[LOOPBACK], [PUBLIC, LOOPBACK], [ip_address("::ffff:127.0.0.1")], []])
async def test_a_name_that_leads_into_our_network_also_is_not_called(addresses: list[Address]) -> None:
    async with Receiver() as receiver:
        sender = WebhookSender(Reach(), resolve=Names(addresses), timeout_seconds=5)
        answer = await sender.post(f"https://{NAME}:{receiver.port}/", {}, b"{}")
    assert answer.status == 0
    assert answer.error.startswith(f"not sent: {NAME} leads to")
    assert receiver.sent == []


@pytest.mark.parametrize("host", ["localhost", "2130706433", "127.1", "0x7f.1"])
async def test_this_machine_is_not_called_under_any_of_its_names(host: str) -> None:
    async with Receiver() as receiver:
        answer = await WebhookSender(Reach()).post(f"https://{host}:{receiver.port}/", {}, b"{}")
    assert answer.status == 0
    # Some resolvers know no numbers written in such ways.
    assert answer.error.startswith(("not sent: ", "gaierror: "))
    assert receiver.sent == []


async def test_an_address_that_was_registered_when_it_reached_further_is_not_called_now() -> None:
    async with Receiver() as receiver:
        answer = await WebhookSender(Reach()).post(receiver.url, {}, b"{}")
    assert answer.error.startswith("not sent: url is ")
    assert receiver.sent == []


async def test_the_next_address_is_tried_where_nobody_listens_at_the_first(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, NAME)
    # The receiver listens at one address of the loopback only.
    names = Names([ip_address("127.0.0.2"), LOOPBACK])
    async with Receiver(trust=server) as receiver:
        sender = WebhookSender(Reach(own_network=True), resolve=names, trust=client)
        answer = await sender.post(f"https://{NAME}:{receiver.port}/", {}, b"{}")
    assert answer.status == 204


async def test_no_proxy_and_no_cookie_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy, Receiver() as receiver:
        receiver.answer = lambda _sent: "200 OK\r\nSet-Cookie: a=b"
        for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        sender = WebhookSender(Reach(own_network=True))
        for _ in range(2):
            assert (await sender.post(receiver.url, {}, b"{}")).status == 200
    assert proxy.sent == []
    assert ["cookie" in sent.headers for sent in receiver.sent] == [False, False]


async def test_a_port_where_nobody_listens_and_a_name_that_nobody_has_are_said() -> None:
    async with Receiver() as receiver:
        url = receiver.url
    sender = WebhookSender(Reach(own_network=True))
    assert (await sender.post(url, {}, b"{}")).error.startswith("ConnectError")
    nobody = await sender.post("http://nobody.invalid/", {}, b"{}")
    assert nobody.error.startswith("gaierror")


async def test_a_resolver_that_hangs_is_given_up() -> None:
    async def forever(_host: str, _port: int) -> Sequence[Address]:
        async with Receiver(answer=lambda _sent: HANG) as nobody:
            await WebhookSender(Reach(own_network=True), timeout_seconds=60).post(nobody.url, {}, b"")
        return []

    sender = WebhookSender(Reach(own_network=True), resolve=forever, timeout_seconds=0.3)
    assert (await sender.post("http://example.org/", {}, b"{}")).error == "no answer within 0.3 s"
