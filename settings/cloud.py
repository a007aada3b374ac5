"""Google's cloud, where identities and the log of model calls may be kept."""

from pydantic import Field

from settings.addresses import WebAddress
from settings.kinds import Group


class Cloud(Group):
    """Google's cloud: identities and the log of model calls are kept there."""

    gcp_project_id: str = Field(default="", pattern=r"^$|^[a-z][a-z0-9:.-]{4,61}[a-z0-9]$")
    """Project that keeps identities and the log of model calls; GOOGLE_APPLICATION_CREDENTIALS."""
    firestore_collection: str = Field(default="agents", pattern=r"^[^/.\s][^/\s]{0,199}$")
    """Collection of identities, a document for each role with its versions below it."""
    firestore_emulator_host: str = Field(default="", pattern=r"^$|^(\[[^\]\s]+\]|[\w.-]+):\d+$")
    """Address of an emulator in place of Firestore, as `localhost:8080`; takes no key."""
    bq_dataset: str = Field(default="agent_system", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,1023}$")
    """Dataset of the log; it and its three tables are made at the start if they are missing."""
    bq_location: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$")
    """Where a dataset that is missing is made, as `EU`; empty leaves it to BigQuery."""
    bq_max_bytes_billed: int = Field(default=10 * 1024**3, ge=10 * 1024**2)
    """Bytes that one query of the log may read at most; a greater one is refused by BigQuery."""
    bigquery_emulator_host: WebAddress = ""
    """Address of an emulator in place of BigQuery, as `http://localhost:9050`; takes no key."""
