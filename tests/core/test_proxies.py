"""Which proxy the environment names for a URL."""

from __future__ import annotations

import pytest

from galion_core.network.proxies import proxy_for
from galion_core.urls import parse_url

ALL = {
    "http_proxy": "http://plain:1",
    "https_proxy": "http://secure:2",
    "all_proxy": "socks5://x:3",
}


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "http://a.test/", None),
        (ALL, "http://a.test/", "http://plain:1"),
        (ALL, "https://a.test/", "http://secure:2"),
        ({"all_proxy": "socks5://x:3"}, "https://a.test/", "socks5://x:3"),
        ({"ALL_PROXY": "socks5://x:3"}, "http://a.test/", "socks5://x:3"),
        ({"HTTPS_PROXY": "secure:2"}, "https://a.test/", "http://secure:2"),
        ({"HTTPS_PROXY": "secure:2"}, "http://a.test/", None),
        ({"HTTP_PROXY": "http://from-a-header:1"}, "http://a.test/", None),
        ({"http_proxy": "", "all_proxy": "http://x:3"}, "http://a.test/", "http://x:3"),
    ],
)
def test_the_proxy_for_a_url(environment: dict[str, str], url: str, proxy: str | None) -> None:
    assert proxy_for(parse_url(url), environment) == proxy


@pytest.mark.parametrize(
    ("listed", "host", "exempt"),
    [
        ("*", "a.test", True),
        ("a.test", "a.test", True),
        ("A.Test", "a.test", True),
        ("a.test", "b.a.test", True),
        (".a.test", "a.test", True),
        ("a.test", "ba.test", False),
        ("a.test", "a.test.", True),
        ("x.test, a.test", "a.test", True),
        ("x.test a.test", "a.test", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "a.test", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("::1", "[::1]", True),
        ("[::1]", "[::1]", True),
        ("", "a.test", False),
        (",", "a.test", False),
    ],
)
@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_hosts_that_need_none(listed: str, host: str, exempt: bool, name: str) -> None:
    found = proxy_for(parse_url(f"http://{host}/"), {"http_proxy": "http://plain:1", name: listed})
    assert found == (None if exempt else "http://plain:1")
