"""A sales organisation's brand folder as a value: `brand.toml`, and the logo that it names.

    logo = "logo.svg"          # SVG or PNG
    accent = "#0b5d57"         # one colour, for the rule above the amount

Names, numbers, texts and bank accounts are in the document itself, frozen; a brand changes how a page looks, never what it says.
"""

import base64
import hashlib
import re
import struct
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_KEYS = {"logo", "accent"}


class BrandRefused(ValueError):
    """A brand folder cannot be used; the message names the file, the reason and the way out."""


@dataclass(frozen=True, slots=True)
class Brand:
    """Logo as SVG text (empty: the seller's name stands there) and the accent colour as #rrggbb."""

    logo: str = ""
    accent: str = "#262626"

    @property
    def digest(self) -> str:
        """Eight hex digits; `plain` for the brand of a provider without a folder."""
        if self == PLAIN:
            return "plain"
        return hashlib.sha256(f"{self.accent}\n{self.logo}".encode()).hexdigest()[:8]


PLAIN = Brand()


def brand_from_files(files: Mapping[str, bytes]) -> Brand:
    """The brand in a folder's files by name; PLAIN without a `brand.toml`. Raises BrandRefused."""
    if "brand.toml" not in files:
        return PLAIN
    try:
        data = tomllib.loads(files["brand.toml"].decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrandRefused(f"brand.toml cannot be read: {error}; mend it as TOML in UTF-8") from None
    if unknown := sorted(set(data) - _KEYS):
        raise BrandRefused(f"brand.toml names {', '.join(unknown)}; it may name {' and '.join(sorted(_KEYS))}")
    accent = data.get("accent", PLAIN.accent)
    if not isinstance(accent, str) or not _COLOUR.fullmatch(accent):
        raise BrandRefused(f"brand.toml: accent is {accent!r}; write a colour as #rrggbb")
    if not is_dark_enough(accent):
        raise BrandRefused(
            f"brand.toml: accent {accent} is too light on paper; take one with a contrast of 4.5 to white"
        )
    return Brand(logo=_logo(data.get("logo", ""), files), accent=accent)


def is_dark_enough(colour: str) -> bool:
    """Whether a colour has a contrast of at least 4.5 to white (WCAG 2.1, 1.4.3)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance: float = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 1.05 / (luminance + 0.05) >= 4.5


def _logo(name: object, files: Mapping[str, bytes]) -> str:
    if not name:
        return ""
    if not isinstance(name, str) or name not in files:
        raise BrandRefused(f"brand.toml: the logo {name!r} is not in the folder; put the file beside brand.toml")
    content = files[name]
    if content.startswith(_PNG):
        width, height = struct.unpack(">II", content[16:24])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" '
            f'xlink:href="data:image/png;base64,{base64.b64encode(content).decode()}"/></svg>'
        )
    text = content.decode(errors="replace")
    if "<svg" not in text[:2000]:
        raise BrandRefused(f"brand.toml: {name} is neither SVG nor PNG; give the logo in one of these forms")
    if re.search(r"<\s*(text|script|foreignObject)\b", text):
        raise BrandRefused(f"{name} holds text or script; convert letters to outlines, so that no font is missing")
    return text
