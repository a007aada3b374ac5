"""Where the code under repair runs, and what it may use there."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from settings.addresses import secure
from settings.kinds import Group, Names


def _secure_all(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(secure(address) for address in addresses)


class SandboxOptions(Group):
    """The sandbox: where the code under repair runs."""

    sandbox: Literal["auto", "bubblewrap", "docker", "e2b", "subprocess"] = "auto"
    """`auto`: e2b with E2B_API_KEY, else bubblewrap, else docker; `subprocess` protects nothing."""
    sandbox_image: str = Field(default="", max_length=255)
    """Image of SANDBOX=docker; empty for one that is made of this machine's Python and tools."""
    docker_host: str = ""
    """Address of the Docker engine, as `unix:///run/docker.sock`; empty for the usual socket."""
    e2b_api_key: SecretStr = SecretStr("")
    """Key of E2B, whose machines then run the code under repair; sent to E2B alone."""
    e2b_template: str = Field(default="base", pattern=r"^[A-Za-z0-9][\w.:/-]{0,127}$")
    """Template of those machines."""
    e2b_api_url: str = Field(default="", pattern=r"^$|^https?://\S+$")
    """Control plane of a cloud of one's own in place of E2B's."""
    e2b_sandbox_url: str = Field(default="", pattern=r"^$|^https?://\S+$")
    """Where the machines of a cloud of one's own are reached."""
    sandbox_timeout_seconds: int = Field(default=3600, ge=60, le=86_400)
    """Seconds after which E2B ends a machine that Anton no longer keeps."""
    sandbox_allow_host: bool = False
    """Lets SANDBOX=subprocess run foreign code on this machine with no protection at all."""
    sandbox_allow_no_memory_limit: bool = False
    """Lets a sandbox open where memory cannot be limited."""
    sandbox_test_seconds: float = Field(default=300.0, gt=0, le=86_400)
    """Wall time of one test run, in seconds."""
    live_demo: Literal["off", "auto", "on"] = "auto"
    """Whether a change that waits for consent is shown live: `auto` begins by itself what this
    machine alone reaches, `on` also what has a public address, as with E2B."""
    live_demo_minutes: float = Field(default=30.0, gt=0, le=1440)
    """Minutes after which a live demo ends; it can be started again while the question waits."""
    live_demos_max: int = Field(default=3, ge=1, le=50)
    """Live demos at once."""
    python_packages: Literal["allow", "cached"] = "allow"
    """Whether what a repository needs may be downloaded, or must be cached already."""
    package_indexes: Annotated[Names, AfterValidator(_secure_all)] = ()
    """The only indexes of Python packages that are asked, comma-separated; empty: uv's own."""

    @property
    def unprotected(self) -> bool:
        """Whether foreign code runs on this machine itself."""
        return self.sandbox == "subprocess"
