"""Which headers may go to which origin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from galion_core.engine.headers import OriginHeaders
from galion_core.engine.request import DownloadRequest, make_job
from galion_core.errors import CredentialsRequired, InvalidInput
from galion_core.types import AuthRequest, Credentials

if TYPE_CHECKING:
    from tests.core.engine.conftest import MakeManager

OWN, OTHER = "https://h.test:443", "https://cdn.test:443"


def headers(
    manager: MakeManager, own: dict[str, str], **hooks: Callable[..., object]
) -> OriginHeaders:
    request = DownloadRequest(url="https://h.test/f", headers=own)
    _, secrets = make_job(request, ".")
    return OriginHeaders(manager(**hooks), "test", secrets, {})


def test_the_users_headers_go_to_the_urls_origin_alone(manager: MakeManager) -> None:
    found = headers(manager, {"X-Key": "1"})
    assert dict(found(OWN)) == {"X-Key": "1"}
    for other in (OTHER, "http://h.test:80", "https://h.test:8443", "https://sub.h.test:443"):
        assert dict(found(other)) == {}


def test_a_plugins_credentials_go_to_the_origins_that_it_names(manager: MakeManager) -> None:
    def galion_authenticate(request: AuthRequest) -> Credentials:
        return Credentials(origins=(OWN,), headers={"Authorization": "Bearer t"})

    found = headers(manager, {}, galion_authenticate=galion_authenticate)
    assert dict(found(OWN)) == {"Authorization": "Bearer t"}
    assert dict(found(OTHER)) == {}


def test_the_users_header_wins_in_any_spelling(manager: MakeManager) -> None:
    def galion_authenticate(request: AuthRequest) -> Credentials:
        return Credentials(origins=(OWN,), headers={"Authorization": "theirs", "X-Other": "1"})

    found = headers(manager, {"AUTHORIZATION": "mine"}, galion_authenticate=galion_authenticate)
    assert dict(found(OWN)) == {"X-Other": "1", "AUTHORIZATION": "mine"}


def test_each_origin_is_asked_for_once(manager: MakeManager) -> None:
    asked: list[str] = []

    def galion_authenticate(request: AuthRequest) -> None:
        asked.append(request.origin)

    found = headers(manager, {}, galion_authenticate=galion_authenticate)
    for origin in (OWN, OTHER, OWN, OTHER):
        found(origin)
    assert asked == [OWN, OTHER]


def test_a_plugin_that_says_no_is_heard(manager: MakeManager) -> None:
    def galion_authenticate(request: AuthRequest) -> None:
        raise CredentialsRequired("Log in first")

    with pytest.raises(CredentialsRequired):
        headers(manager, {}, galion_authenticate=galion_authenticate)(OWN)


@pytest.mark.parametrize(
    "name", ["Range", "if-range", "ACCEPT-ENCODING", "Content-Length", "Transfer-Encoding"]
)
def test_a_header_that_the_byte_mover_must_set_itself_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        make_job(DownloadRequest(url="https://h.test/f", headers={name: "1"}), ".")
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [("X Y", "1"), ("", "1"), ("X", "a\r\nInjected: b"), ("X", "a\x00"), ("X:", "1"), ("Xé", "1")],
)
def test_a_header_that_would_become_two_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidInput):
        make_job(DownloadRequest(url="https://h.test/f", headers={name: value}), ".")
