"""A sales organisation's brand folder on disk: a few small files that tell how its documents look."""

from pathlib import Path

_MOST_BYTES = 1_000_000


class BrandFolderRefused(ValueError):
    """A brand folder cannot be read, or holds a file that is too large; the message names it."""


def brand_files(*, root: Path, sales_organisation_id: str) -> dict[str, bytes]:
    """The files of `root`/`sales_organisation_id` by name; none where there is no such folder. Raises BrandFolderRefused."""
    folder = root / sales_organisation_id
    if not sales_organisation_id.isalnum() or not folder.is_dir():
        return {}
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            if path.stat().st_size > _MOST_BYTES:
                raise BrandFolderRefused(
                    f"{path} is larger than 1 MB and would be in every document; give a smaller file"
                )
            try:
                found[path.name] = path.read_bytes()
            except OSError as error:
                raise BrandFolderRefused(
                    f"{path} cannot be read: {error.strerror}; let the user that runs Rackbill read it"
                ) from None
    return found
