"""The wiring: the one package that knows every concrete class."""

from bootstrap.faces import rest
from bootstrap.house import build
from bootstrap.minds import benches, model_options, models_of, reader_of
from bootstrap.people import channel_options, channels_of, ear, listening, services_of
from bootstrap.sandboxes import sandbox_of, sandbox_options
from bootstrap.stores import set_up_logs
from bootstrap.trials import furnished, inhabited, scripted

__all__ = [
    "benches",
    "build",
    "channel_options",
    "channels_of",
    "ear",
    "furnished",
    "inhabited",
    "listening",
    "model_options",
    "models_of",
    "reader_of",
    "rest",
    "sandbox_of",
    "sandbox_options",
    "scripted",
    "services_of",
    "set_up_logs",
]
