"""Listen on loopback, where no other sandbox should get."""

import socket

server = socket.create_server(("127.0.0.1", 45454))
print("listening", flush=True)
server.accept()
