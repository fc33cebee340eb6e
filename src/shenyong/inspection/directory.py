"""The agency's public contact data, which are no findings.

政府資訊公開法 7 I ③: an agency publishes its organisation, duties, address, telephone, fax, web and
mail addresses. What stands in the directory may be sent; what does not is redacted. The directory
is empty by default, so nothing is public until the agency says so.
"""

from __future__ import annotations

import re

import msgspec

_BLANK = re.compile(r"\s+")


def _figures(phone: str) -> str:
    """The digits of a telephone number without its extension, +886 written as 0."""
    bare = re.split(r"[#＃轉分]|[Ee]xt", phone, maxsplit=1)[0]
    figures = "".join(re.findall(r"[0-9]", bare))
    return f"0{figures[3:].lstrip('0')}" if figures.startswith("886") else figures


def _plain(words: str) -> str:
    return _BLANK.sub("", words).replace("台", "臺")


class Directory(msgspec.Struct, frozen=True):
    """What the agency publishes. `mail_domains` make every address in them public."""

    mail_domains: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    def holds(self, kind: str, value: str) -> bool:
        """Whether `value`, a finding of `kind`, is published."""
        if kind == "email":
            mail = value.lower()
            domain = mail.rpartition("@")[2]
            return mail in self.mails or domain in self.mail_domains
        if kind in ("tw_landline", "tw_mobile"):
            figures = _figures(value)
            return any(_figures(phone) == figures for phone in self.phones)
        if kind == "person_name":
            return _plain(value) in {_plain(name) for name in self.names}
        if kind == "address":
            plain = re.sub(r"^[0-9]{3,6}", "", _plain(value))
            return plain in {re.sub(r"^[0-9]{3,6}", "", _plain(each)) for each in self.addresses}
        return False
