"""Records as a Parquet file, read back with another program's eyes."""

from __future__ import annotations

import sys
from datetime import UTC, date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.errors import ConfigurationError
from consentkit.log import parquet
from consentkit.log.record import EXPORTED, Record
from tests.log.samples import NOON, record, records


@settings(max_examples=25)
@given(found=st.lists(records(), max_size=5))
def test_what_is_written_is_read_back(found: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    Every record comes back under the exported names, in their order, with types that can be counted with.
    """
    import pyarrow.parquet as pq

    path = tmp_path_factory.mktemp("parquet") / "all.parquet"
    rows = parquet.write(iter(found), path)
    table = pq.read_table(path)

    assert rows == len(found)
    assert tuple(table.column_names) == EXPORTED
    for row, each in zip(table.to_pylist(), found, strict=True):
        assert row["time"].astimezone(UTC) == each.time
        assert dict(row["purposes"]) == dict(each.purposes)
        assert dict(row["policies"]) == {name: vars(answer) for name, answer in each.policies.items()}
        plain = [name for name in EXPORTED if name not in ("time", "purposes", "vendors", "policies")]
        assert {name: row[name] for name in plain} == {name: getattr(each, name) for name in plain}


def test_a_long_export_is_written_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Records are taken one group at a time, so that memory does not grow with the log.
    """
    import pyarrow.parquet as pq

    monkeypatch.setattr(parquet, "GROUP", 10)
    made = [record(expires=date(2027, 1, 1), time=NOON) for _ in range(25)]

    assert parquet.write(iter(made), tmp_path / "all.parquet") == 25
    assert pq.ParquetFile(tmp_path / "all.parquet").num_row_groups == 3


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The extra is named.
    """
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'consentkit\[parquet\]'"):
        parquet.check()
