"""Records as a Parquet file, for whoever counts with pandas, DuckDB or a warehouse.

The only file that imports pyarrow, which comes with `consentkit[parquet]`. Purposes, vendors and policies are maps, so
that a site with other purposes has the same columns. Records are written in groups of some thousand and forgotten, so
a log of any length takes the memory of one group.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from consentkit.errors import ConfigurationError
from consentkit.log.record import EXPORTED, Record

#: Records in a row group: large enough to be packed well, small enough to be held.
GROUP = 4_096


def check() -> None:
    """Raises ConfigurationError when the library is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401  # only whether it is there
    except ImportError:
        raise ConfigurationError(["--format parquet: needs a library; pip install 'consentkit[parquet]'."]) from None


def write(found: Iterable[Record], path: Path) -> int:
    """Write the records into a file that is there and empty. Answers how many they were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, rows, records = _schema(pa), 0, iter(found)
    with path.open("wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := [_row(record) for record in islice(records, GROUP)]:
            columns = {name: [row[name] for row in group] for name in EXPORTED}
            writer.write_table(pa.table(columns, schema=schema))
            rows += len(group)
    return rows


def _schema(pa: Any) -> Any:
    answers = pa.map_(pa.string(), pa.bool_())
    policy = pa.struct([("version", pa.string()), ("accepted", pa.bool_()), ("sha256", pa.string())])
    special = {
        "time": pa.timestamp("s", tz="UTC"), "purposes": answers, "vendors": answers,
        "policies": pa.map_(pa.string(), policy), "gpc": pa.bool_(), "expires": pa.date32(), "index": pa.int64(),
    }  # fmt: skip
    return pa.schema([(name, special.get(name, pa.string())) for name in EXPORTED])


def _row(record: Record) -> dict[str, Any]:
    return {
        **{name: getattr(record, name) for name in EXPORTED},
        "state": str(record.state), "action": str(record.action), "method": str(record.method),
        "layer": str(record.layer), "purposes": list(record.purposes.items()), "vendors": list(record.vendors.items()),
        "policies": [(name, vars(answer)) for name, answer in record.policies.items()],
    }  # fmt: skip
