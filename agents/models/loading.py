"""LiteLLM, loaded when the first model is called: its import takes seconds, so it has a thread."""

import asyncio
import gc
import logging
import os
import sys
import threading
import warnings
from typing import Any

SWITCHES = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_OFFLINE_MODE": "true",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
}
"""Nothing is fetched, and no `.env` of the working folder is read, at import or later."""

_lock = threading.Lock()


async def load() -> Any:
    """The module, set up; the first call waits for its import."""
    return await asyncio.to_thread(_load)


async def close() -> None:
    """Close the connections that LiteLLM keeps for servers elsewhere; it opens others at need."""
    litellm = sys.modules.get("litellm")
    if litellm is not None:
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()


def _load() -> Any:
    with _lock:
        # LiteLLM can be told this by its environment alone, and before it is imported.
        os.environ.update(SWITCHES)  # noqa: TID251
        litellm = _imported()
        if litellm.suppress_debug_info is not True:
            _set_up(litellm)
    return litellm


def _imported() -> Any:
    """Without looking for garbage, which there is none of: that takes a third of the time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        import litellm
    finally:
        if looking:
            gc.enable()
    return litellm


def _set_up(litellm: Any) -> None:
    warnings.filterwarnings("ignore", "Item .* on TypedDict class", UserWarning)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = True
    litellm.disable_aiohttp_transport = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logger = logging.getLogger(name)
        logger.handlers.clear()  # they write past our redaction
        logger.propagate = True
        logger.setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, and some hold keys
