from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from galion_core.testing import FaultServer, PatternBody, faults
from galion_core.testing.faults import Fault

if TYPE_CHECKING:
    from tests.core.testing_kit.conftest import Ask

BODY = PatternBody(10_000)
CONTENT = BODY.content()


@pytest.mark.parametrize("code", [401, 403, 404, 410, 416, 429, 500, 503, 599])
def test_any_status_can_be_answered_in_place_of_the_file(
    server: FaultServer, ask: Ask, code: int
) -> None:
    fault = faults.Status(code, headers={"X-Why": "test"}, body=b"no", times=1)
    server.add("/file", BODY, faults=[fault])
    refused, served = ask("/file"), ask("/file")
    assert (refused.status, refused.body, refused.headers["x-why"]) == (code, b"no", "test")
    assert (served.status, served.body) == (200, CONTENT)


@pytest.mark.parametrize("text", [0, 7, "nonsense"])
def test_retry_after_can_be_seconds_or_anything(
    server: FaultServer, ask: Ask, text: int | str
) -> None:
    server.add("/file", faults=[faults.Status(429, retry_after=text)])
    assert ask("/file").headers["retry-after"] == str(text)


def test_retry_after_can_be_a_date_counted_from_the_answer(server: FaultServer, ask: Ask) -> None:
    server.add("/file", faults=[faults.Status(503, retry_after=timedelta(hours=1))])
    text = ask("/file").headers["retry-after"]
    assert text.endswith(" GMT")
    ahead = parsedate_to_datetime(text) - datetime.now(UTC)
    assert timedelta(minutes=30) < ahead <= timedelta(hours=1)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_points_where_it_is_told(server: FaultServer, ask: Ask, code: int) -> None:
    server.add("/file", faults=[faults.Redirect("../other?x=1", code)])
    reply = ask("/file")
    assert (reply.status, reply.headers["location"], reply.body) == (code, "../other?x=1", b"")


def test_a_redirect_can_lead_to_another_origin(server: FaultServer, ask: Ask) -> None:
    with FaultServer() as other:
        url = other.add("/file", BODY)
        server.add("/file", faults=[faults.Redirect(url)])
        assert ask("/file").headers["location"] == f"http://127.0.0.1:{other.port}/file"
    assert other.port != server.port


def test_a_chain_of_redirects_has_its_length(server: FaultServer, ask: Ask) -> None:
    server.add_redirects("/start", 3, to="/file")
    target, hops = "/start", []
    while target != "/file":
        target = ask(target).headers["location"]
        hops.append(target)
    assert hops == ["/start/2", "/start/3", "/file"]


def test_a_redirect_to_itself_is_a_loop_that_may_end(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.Redirect("/file", times=2)])
    assert [ask("/file").status for _ in range(3)] == [302, 302, 200]


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "start"),
    [
        (faults.HtmlInstead(), 200, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        (faults.JsonError(), 200, "application/json", b'{"error"'),
        (faults.XmlAccessDenied(), 403, "application/xml", b"<?xml"),
    ],
)
def test_a_page_can_stand_where_the_file_should_be(
    server: FaultServer, ask: Ask, fault: Fault, status: int, content_type: str, start: bytes
) -> None:
    server.add("/model.safetensors", BODY, faults=[fault])
    reply = ask("/model.safetensors", {"Range": "bytes=0-9"})
    assert (reply.status, reply.headers["content-type"]) == (status, content_type)
    assert reply.body.startswith(start)
    assert "etag" not in reply.headers


def test_the_json_error_is_json(server: FaultServer, ask: Ask) -> None:
    server.add("/file", faults=[faults.JsonError()])
    assert json.loads(ask("/file").body) == {"error": "You must be logged in"}


def test_an_lfs_pointer_points_to_the_file_itself(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.LfsPointer()])
    assert ask("/file").body.decode() == (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{BODY.sha256()}\nsize 10000\n"
    )


def test_a_link_expires_after_so_many_requests(server: FaultServer, ask: Ask) -> None:
    server.add("/file?sig=1", BODY, faults=[faults.ExpireAfter(requests=2)])
    server.add("/file?sig=2", BODY)
    assert [ask("/file?sig=1").status for _ in range(4)] == [200, 200, 403, 403]
    assert ask("/file?sig=2").body == CONTENT


def test_a_link_expires_after_so_many_bytes(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.ExpireAfter(body_bytes=150, code=410)])
    replies = [ask("/file", {"Range": "bytes=0-99"}).status for _ in range(3)]
    assert replies == [206, 206, 410]


def test_a_header_can_be_required(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.RequireHeader("Authorization", "Bearer t")])
    refused = ask("/file")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert ask("/file", {"Authorization": "Bearer x"}).status == 401
    assert ask("/file", {"authorization": "Bearer t"}).body == CONTENT


def test_a_header_can_be_required_with_any_value(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.RequireHeader("Referer", code=403)])
    assert [ask("/file").status, ask("/file", {"Referer": "x"}).status] == [403, 200]


def test_any_bytes_can_be_answered(server: FaultServer, ask: Ask) -> None:
    server.add("/file", BODY, faults=[faults.Raw(b"HTTP/9.9 huh\xff\n\n\0")])
    reply = ask("/file")
    assert (reply.data, reply.ended) == (b"HTTP/9.9 huh\xff\n\n\0", "FIN")
    assert server.requests[0].status is None
