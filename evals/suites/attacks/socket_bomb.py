"""Keep memory in the buffers of sockets, which belong to the kernel and to no process."""

import socket

from attack import breached, held

CONNECTIONS = 100
MOST = 256 << 20

server = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
ends = []
queued = 0
for _ in range(CONNECTIONS):
    sender = socket.create_connection(server.getsockname())
    receiver, _ = server.accept()
    sender.setblocking(False)
    ends += [sender, receiver]
    try:
        while queued < MOST:
            queued += sender.send(bytes(1 << 20))
    except BlockingIOError:
        continue
if queued >= MOST:
    breached(f"{queued >> 20} MiB lie in {len(ends)} sockets")
held(f"{queued >> 20} MiB lie in {len(ends)} sockets")
