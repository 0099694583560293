"""What no form expects: values, paths, headers and bodies."""

NUMBERS = [
    "0", "-1", "1", "1.5", "1e999", "nan", "inf", "9" * 25, "-" + "9" * 25, "\u0661\u0662", "0x10", "1_000", " 1 ",
]  # fmt: skip
WORDS = [
    "", " ", "studio", "generation", "//evil.example", "/\\evil.example", "https://evil.example/", "https://[", "/[",
    "/?[", "javascript:alert(1)", "/\r\nX: y", "\0", "a\0b", "\ud800", "\udfff/", "\ufffe", "\u202e",
    "\U0001f4a5" * 300, "a" * 9000, "%00", "%", "%zz", "%s%(x)s{0}", "' OR 1=1 --", "<script>", "../../etc/passwd",
    "[]", "{}", "null", "true", "[1, [2]]", "00000000-0000-0000-0000-000000000000", "not-a-uuid", "2026-13-45",
    "0001-01-01", "9999-12-31T23:59:60Z", "\u0130" * 50,
]  # fmt: skip
PATHS = [
    "%00", "a%00b", "%ff%fe", "%ed%a0%80", "%c0%80", "%", "%2e%2e%2f", "..", "a" * 3000, "%F0%9F%92%A5", "-1", "0",
    "1.5", "9" * 25, "studio", "%0d%0a", "[", "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
HEADERS = {
    "HX-Request": ["true", "\xff"], "HX-Current-URL": ["https://[", "//evil", "\xff\xfe"],
    "HX-Target": ["about", "\xff"],
    "Referer": ["https://[", "http://testserver//evil.example", "http://testserver/%00", "\xff"],
    "Accept-Language": ["zz-" * 300, "\xff", "*;q=9e9", "de;q=nan"], "Accept": ["", "\xff", "text/html;q=x"],
    "Range": ["bytes=-0", "bytes=9-1", "bytes=" + "9" * 30 + "-", "bytes=0-0,1-1", "\xff"],
    "If-None-Match": ["\xff", '"', "*", "W/"],
    "If-Modified-Since": ["\xff", "Thu, 99 Foo 9999", "Mon, 01 Jan 0001 00:00:00 GMT"],
    "X-Forwarded-For": ["\xff", "1.2.3.4, ::1, x", "fe80::1%eth0"], "X-Forwarded-Proto": ["https", "\xff"],
    "User-Agent": ["", "\xff", "a" * 9000], "Origin": ["null", "https://[", "\xff"],
    "X-Requested-With": ["XMLHttpRequest"], "Accept-Encoding": ["\xff", "gzip;q=nan"],
}  # fmt: skip
TYPES = [
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "application/json",
    "text/plain; charset=nonsense", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "x" * 300, "application/octet-stream", "",
    "\xff", "image/png; charset",
]  # fmt: skip
BODIES = [
    b"", b"%", b"a=%ff&b=%00", b"=&=&;", b"\xff\xfe", b"[1, 2", b'{"prompt": [{}]}', b"--x", b"--x\r\n", b"&" * 5000,
]  # fmt: skip
# What a person could have typed, so that forms are valid but for what else is put into them.
BELIEVABLE = {
    "token": "meigen_sk_0123456789abcdef", "label": "Mine", "name": "A name", "prompt": "a red fox", "count": "1",
    "model_id": "z-image-turbo", "time_zone": "Europe/Berlin", "language": "de", "password": "open sesame",
    "q": "fox", "login": "person", "do": "star", "on": "1", "days": "7", "next": "/",
    "oldpassword": "a-long-password", "username": "ana", "aspect_ratio": "1:1", "offset": "24", "pages": "2",
    "order": "newest",
}  # fmt: skip
NOT_A_PAGE = [
    "studio", "generation", "nonsense", "no/where", "//evil.example", "/\\evil.example", "https://evil.example/",
    "https://[", "/\r\nX: y", "\0", "a" * 9000, "/" + "a" * 20_000, "javascript:alert(1)", "http://testserver/", "?",
    "#", "\t//evil.example",
]  # fmt: skip
# Parts of addresses' names, and so what their first argument is.
SUBJECTS = [
    "token", "preset", "collection", "reference", "inspiration", "shared", "unlock", "share_", "revoke",
]  # fmt: skip
