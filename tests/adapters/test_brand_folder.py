"""Brand folders on disk: which files a sales organisation's documents get."""

from pathlib import Path

import pytest

from rackbill.adapters.brand_folder import BrandFolderRefused, brand_files


def test_the_files_of_a_sales_organisation(tmp_path: Path) -> None:
    folder = tmp_path / "2000"
    folder.mkdir()
    (folder / "brand.toml").write_text('accent = "#0b5d57"')
    (folder / ".hidden").write_text("x")
    (folder / "old").mkdir()
    assert brand_files(root=tmp_path, sales_organisation_id="2000") == {"brand.toml": b'accent = "#0b5d57"'}


@pytest.mark.parametrize("organisation", ["2100", "", "..", "../2000"])
def test_no_folder_no_files(organisation: str, tmp_path: Path) -> None:
    (tmp_path / "2000").mkdir()
    assert brand_files(root=tmp_path / "2000", sales_organisation_id=organisation) == {}


def test_a_file_that_would_swell_every_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2000").mkdir()
    (tmp_path / "2000" / "logo.png").write_bytes(b"\0" * 1_000_001)
    with pytest.raises(BrandFolderRefused, match=r"logo\.png is larger than 1 MB"):
        brand_files(root=tmp_path, sales_organisation_id="2000")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "2000").mkdir()
    (tmp_path / "2000" / "brand.toml").write_text("")

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BrandFolderRefused, match=r"2000/brand\.toml cannot be read: Permission denied; let the user"):
        brand_files(root=tmp_path, sales_organisation_id="2000")
