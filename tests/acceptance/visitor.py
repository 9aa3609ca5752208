"""Somebody with a browser: signs in by a link, reads pages and sends forms."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request


class Visitor:
    """Somebody who is signed in to the pages."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        form = self.get(f"/link/{token}")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        assert found, form
        data = urllib.parse.urlencode({"csrf_token": found[1]}).encode()
        self._opener.open(f"{address}/link/{token}", data, timeout=10).close()

    def get(self, path: str) -> str:
        with self._opener.open(self._address + path, timeout=10) as answer:
            return answer.read().decode()

    def post(self, path: str, **fields: str) -> str:
        """Fill in the form of that page and send it; what is not said stays empty."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path))
        assert found
        data = urllib.parse.urlencode({"csrf_token": found[1], **fields}).encode()
        try:
            with self._opener.open(self._address + path, data, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.read().decode()
