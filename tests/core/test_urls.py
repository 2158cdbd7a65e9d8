"""Every spelling of a URL is refused, or means one thing only."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from galion_core.errors import InvalidUrl
from galion_core.urls import MAX_URL, parse_url, redact, visible

text = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("/\\:@?#[]%.&=;+ ~\t\n\x00\ud800é模。\uff0e①²\xad-xn0129"),
    ),
    max_size=60,
)
beginnings = st.just("") | st.sampled_from(
    ["http://", "HTTPS://", "ftp://", "file://", "http:", "data:", "//", "a:////"]
)
beginnings |= st.sampled_from(
    ["http://u:p@", "http://[::1]", "http://[", "http://xn--", "http://1.2.3.4:"]
)


@given(st.builds("{}{}".format, beginnings, text))
@example("a:////")
@example("a:\ud800")
def test_a_url_is_refused_or_its_text_means_the_same_url(pasted: str) -> None:
    try:
        parsed = parse_url(pasted)
    except InvalidUrl:
        return
    written = str(parsed)
    assert written.isascii()
    assert " " not in written
    again = parse_url(written)
    assert str(again) == written
    assert (again.scheme, again.host, again.port) == (parsed.scheme, parsed.host, parsed.port)
    assert (again.path, again.query, again.userinfo) == (parsed.path, parsed.query, "")


@given(st.sampled_from(["http://h.test/a/b?c", "https://h.test"]), text)
def test_a_reference_leads_to_a_url_or_is_refused(base: str, reference: str) -> None:
    try:
        there = parse_url(base).join(reference)
    except InvalidUrl:
        return
    assert str(parse_url(str(there))) == str(there)


@pytest.mark.parametrize(
    ("pasted", "parsed"),
    [
        (" https://Example.com:443/a b?x=1#top ", "https://example.com/a%20b?x=1"),
        ("http://h.test", "http://h.test/"),
        ("http://h.test:80", "http://h.test/"),
        ("https://h.test:80/", "https://h.test:80/"),
        ("http://h.test:/", "http://h.test/"),
        ("http://H.TEST./x", "http://h.test./x"),
        ("http://me:secret@h.test/", "http://h.test/"),
        ("http://a@b@h.test/", "http://h.test/"),
        ("http://h.test/%2e%2E/%zz", "http://h.test/%2e%2E/%zz"),
        ("http://h.test/größe?模=型", "http://h.test/gr%C3%B6%C3%9Fe?%E6%A8%A1=%E5%9E%8B"),
        ("http://größe.test/", "http://xn--gre-6ka8i.test/"),
        ("http://模型.test/", "http://xn--xgs754b.test/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://h.test/?a=1&b=[2]|3", "http://h.test/?a=1&b=[2]|3"),
        ("http://h.test?x#y?z", "http://h.test/?x"),
        ("file:///etc/passwd", "file:/etc/passwd"),
    ],
)
def test_a_spelling_and_the_url_that_it_means(pasted: str, parsed: str) -> None:
    assert str(parse_url(pasted)) == parsed


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        " ",
        "h.test/file",
        "/file",
        "//h.test/file",
        "://h.test",
        "1http://h.test",
        "http://",
        "http:///file",
        "http:file",
        "http:/h.test/file",
        "http://?x",
        "http://#x",
        "http://:80/",
        "http://me@/",
        "http://h.test:99999/",
        "http://h.test:x/",
        "http://h.test:-1/",
        "http://h.test\\@evil.test/",
        "http:\\\\h.test\\file",
        "http://h.test/\r\nHost: evil.test",
        "http://h.te\tst/",
        "http://h.test/\x00",
        "http://h.test/\udcff",
        "http://h test/",
        "http://h.test%2eevil.test/",
        "http://%68.test/",
        "http://h_.-/",
        "http://-h.test/",
        "http://.h.test/",
        "http://h*.test/",
        "http://<script>/",
        "http://[::1/",
        "http://::1]/",
        "http://[::1]x/",
        "http://[::g]/",
        "http://[fe80::1%25eth0]/",
        "http://[v1.x]/",
        "http://xn--\u20ac/",
        "http://h\u2100.test/",
        "http://" + "a" * 300 + ".test/",
        "http://h.test/" + "a" * MAX_URL,
        "a:////h.test/",
    ],
)
def test_a_spelling_that_is_refused(pasted: str) -> None:
    with pytest.raises(InvalidUrl):
        parse_url(pasted)


def test_a_refusal_shows_no_secret_and_nothing_that_moves_a_cursor() -> None:
    with pytest.raises(InvalidUrl) as caught:
        parse_url("http://me:secret@h.test/\x1b[2J\udcff?token=secret")
    assert caught.value.details == {"url": "http://***@h.test/\ufffd[2J\ufffd?token=***"}
    assert "secret" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@h.test/f", "https://***@h.test/f"),
        ("https://me@h.test/f", "https://***@h.test/f"),
        ("https://a@b:c@h.test/f", "https://***@h.test/f"),
        ("https://h.test/@f", "https://h.test/@f"),
        ("https://h.test/f?a=1&token=x&b=2", "https://h.test/f?a=1&token=***&b=2"),
        ("https://h.test/f?X-Amz-Signature=x", "https://h.test/f?X-Amz-Signature=***"),
        ("https://h.test/f?X-Amz-Credential=x#t", "https://h.test/f?X-Amz-Credential=***#t"),
        ("https://h.test/f?sig=a%2Bb%3D&se=1", "https://h.test/f?sig=***&se=1"),
        (
            "https://h.test/f?Signature=x;Key-Pair-Id=y",
            "https://h.test/f?Signature=***;Key-Pair-Id=***",
        ),
        ("https://h.test/f?API_KEY=x", "https://h.test/f?API_KEY=***"),
        ("two: http://a:b@h.test http://c:d@i.test", "two: http://***@h.test http://***@i.test"),
        ("'https://h.test/?password=x' failed", "'https://h.test/?password=***' failed"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_in_urls_are_masked(text: str, shown: str) -> None:
    assert redact(text) == shown


secrets = st.text(st.sampled_from("abcXYZ0189-_.~%+/:@"), min_size=1, max_size=30)


@given(secrets.map(lambda secret: f"-{secret}-"), secrets)
def test_no_password_and_no_signature_is_left(secret: str, other: str) -> None:
    for secret_url in (
        f"https://h.test/f?name=n&X-Goog-Signature={secret}&o=1",
        f"https://h.test/f?token={secret}",
        f"https://{secret.replace('/', '')}x:y@h.test/{other.replace('@', '')}",
    ):
        assert secret not in redact(f"{secret_url} and {secret_url}")


@given(text)
def test_what_is_masked_stays_masked(pasted: str) -> None:
    assert redact(redact(pasted)) == redact(pasted)


@given(st.text())
def test_nothing_that_moves_a_cursor_or_breaks_an_encoding_is_visible(hostile: str) -> None:
    shown = visible(hostile)
    assert len(shown) == len(hostile)
    assert not set(shown) & {*map(chr, range(32)), "\x7f", "\x9b", "\u202e", "\u200b"}
    shown.encode()
