"""What one piece of work took: `RUN/energy/<what>.json`, the sessions that it was done in.

The meters see the whole machine. Of what ran side by side on one host each has its even share: `shared`.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from pydantic import Field, ValidationError

from task1.config.base import Strict
from task1.errors import InputError
from task1.files import write_json


class Session(Strict):
    """From one start of a program to its end."""

    began: float = Field(ge=0, allow_inf_nan=False, description="seconds since 1970, UTC")
    seconds: float = Field(ge=0, allow_inf_nan=False)
    kwh: float = Field(ge=0, allow_inf_nan=False, description="of the whole machine in that time")
    estimated: tuple[str, ...] = Field(description="parts without a sensor, whose power codecarbon assumes")
    tool: str
    machine: str = Field(description="processor and graphics card")
    host: str


class Record(Strict):
    of: str = Field(description="names the work; what goes on with other work begins a new record")
    whole: bool = Field(description="false where the work went on from something that was not measured")
    sessions: tuple[Session, ...] = Field(min_length=1)

    @property
    def last(self) -> Session:
        return self.sessions[-1]


def write_record(path: Path, record: Record) -> None:
    write_json(path, record.model_dump(mode="json"))


def read_record(path: Path) -> Record | None:
    """None where nothing was measured."""
    try:
        return Record.model_validate_json(json.dumps(json.loads(path.read_bytes())))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(map(str, detail["loc"])) or "content"
        raise InputError(f"{path}: {where}: found {detail['input']!r:.60}, expected: {detail['msg']}; delete the file "
                         "(what it measured then counts as not measured)") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); delete the file (what it measured then counts as "
                         "not measured)") from None


def shared(records: Mapping[str, Record]) -> dict[str, float]:
    """kWh of every record: of each moment's energy the share 1/n where n sessions of these records ran on that host."""
    sessions = [session for record in records.values() for session in record.sessions]
    return {name: sum(session.kwh * _share(session, sessions) for session in record.sessions)
            for name, record in records.items()}


def _share(own: Session, sessions: list[Session]) -> float:
    """The mean of 1/n over the session's time."""
    end = own.began + own.seconds
    beside = [other for other in sessions if other.host == own.host]
    edges = {edge for other in beside for edge in (other.began, other.began + other.seconds)}
    cuts = sorted(edge for edge in edges if own.began <= edge <= end)
    parts = [(last - first) / sum(other.began <= first and last <= other.began + other.seconds for other in beside)
             for first, last in pairwise(cuts)]
    return sum(parts) / (end - own.began) if parts else 1.0
