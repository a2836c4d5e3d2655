"""Tables of a lake, registered in AWS Glue, the catalogue of Athena."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from phonofilm.errors import ConfigurationError, StoreError
from phonofilm.warehouse.export.hive import LakeTable

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet."


def register(tables: Sequence[LakeTable], database: str) -> None:
    """Create or update a database, its tables and their partitions.

    StoreError when Glue fails; ConfigurationError without boto3.
    """
    try:
        import boto3  # noqa: PLC0415 - an extra
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "A Glue catalogue needs boto3.", next_step="Install it: pip install 'phonofilm[lake]'"
        ) from None
    try:
        glue = boto3.client("glue", region_name=_region())
        _create_if_missing(glue, glue.create_database, DatabaseInput={"Name": database})
        for table in tables:
            _register_table(glue, database, table)
    except (BotoCoreError, ClientError) as error:
        raise StoreError(
            f"Glue fails: {str(error)[:300]}",
            saved="The files of the lake are there; the catalogue is as far as it came.",
            next_step="Run the same command again.",
        ) from error


def _region() -> str | None:
    """Return AWS_REGION, which object stores read and boto3 does not; None leaves it to boto3."""
    return os.environ.get("AWS_REGION") or None


def _create_if_missing(glue: Any, create: Any, **arguments: Any) -> bool:
    """Create an item of the catalogue; return False when it exists."""
    try:
        create(**arguments)
        return True
    except glue.exceptions.AlreadyExistsException:
        return False


def _register_table(glue: Any, database: str, table: LakeTable) -> None:
    description = {
        "Name": table.name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
        "PartitionKeys": [{"Name": "source", "Type": "string"}] if table.partitions else [],
        "StorageDescriptor": _storage(table, table.location),
    }
    if not _create_if_missing(
        glue, glue.create_table, DatabaseName=database, TableInput=description
    ):
        glue.update_table(DatabaseName=database, TableInput=description)
    for source in table.partitions:
        _register_partition(glue, database, table, source)


def _register_partition(glue: Any, database: str, table: LakeTable, source: str) -> None:
    description = {
        "Values": [source],
        "StorageDescriptor": _storage(table, f"{table.location}source={source}/"),
    }
    names = {"DatabaseName": database, "TableName": table.name}
    if not _create_if_missing(glue, glue.create_partition, **names, PartitionInput=description):
        glue.update_partition(**names, PartitionValueList=[source], PartitionInput=description)


def _storage(table: LakeTable, location: str) -> dict[str, Any]:
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in table.columns],
        "Location": location,
        "InputFormat": f"{_PARQUET}MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}serde.ParquetHiveSerDe"},
    }
