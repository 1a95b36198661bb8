"""Bulk import of people and their consents: receive files in parts, check them, apply them."""

from consent.imports.applying import list_running_imports
from consent.imports.files import (
    Expired,
    PreviewedRow,
    choose_mapping,
    delete_expired_files,
    find_file,
    preview_rows,
    read_first_row,
    read_mapping,
    stage_file,
    store_file,
    write_bad_rows,
)
from consent.imports.jobs import (
    ImportNotOpen,
    TooManyImports,
    begin_import,
    cancel_import,
    list_idle_shards,
    run_import,
    run_shard,
    start_import,
)
from consent.imports.mapping import (
    CONTACT_COLUMNS,
    EVIDENCE_COLUMN,
    ColumnMapping,
    guess_mapping,
    is_year_first_time,
)
from consent.imports.problems import (
    DescribedProblem,
    group_problems,
    list_problems,
    write_problems_csv,
)
from consent.imports.receiving import (
    MOST_IMPORT_PARTS,
    OtherPart,
    PartsNotOpen,
    TooManyBad,
    receive_part,
)
from consent.imports.rows import LONGEST_FIELDS
from consent.imports.sources import ENCODINGS, SEPARATORS, BadPart

__all__ = [
    "CONTACT_COLUMNS",
    "ENCODINGS",
    "EVIDENCE_COLUMN",
    "LONGEST_FIELDS",
    "MOST_IMPORT_PARTS",
    "SEPARATORS",
    "BadPart",
    "ColumnMapping",
    "DescribedProblem",
    "Expired",
    "ImportNotOpen",
    "OtherPart",
    "PartsNotOpen",
    "PreviewedRow",
    "TooManyBad",
    "TooManyImports",
    "begin_import",
    "cancel_import",
    "choose_mapping",
    "delete_expired_files",
    "find_file",
    "group_problems",
    "guess_mapping",
    "is_year_first_time",
    "list_idle_shards",
    "list_problems",
    "list_running_imports",
    "preview_rows",
    "read_first_row",
    "read_mapping",
    "receive_part",
    "run_import",
    "run_shard",
    "stage_file",
    "start_import",
    "store_file",
    "write_bad_rows",
    "write_problems_csv",
]
