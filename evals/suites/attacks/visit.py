"""Connect to what listens in another sandbox."""

import socket

from attack import all_refused

all_refused({"another sandbox": lambda: socket.create_connection(("127.0.0.1", 45454), 2)})
