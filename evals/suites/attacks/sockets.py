"""Connect to sockets of the host that are no network, and open families that leave a namespace."""

import ctypes
import socket

from attack import BAIT, X86, all_refused, c_call

VSOCK, NETLINK, PACKET, BLUETOOTH, ALG, XDP = 40, 16, 17, 31, 38, 44
SOCKET = 41 if X86 else 198
HIGH_BITS = 1 << 32


def connect(path):
    def attempt():
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)

    return attempt


def family(number, kind=socket.SOCK_RAW):
    return lambda: socket.socket(number, kind).close()


all_refused(
    {
        "a socket of the host": connect(BAIT["unix"]),
        "an abstract socket of the host": connect(BAIT["abstract"]),
        "vsock": family(VSOCK, socket.SOCK_STREAM),
        "netlink": family(NETLINK),
        "packet": family(PACKET),
        "bluetooth": family(BLUETOOTH),
        "kernel crypto": family(ALG, socket.SOCK_SEQPACKET),
        "express data path": family(XDP),
        "netlink behind high bits": c_call(
            "syscall", SOCKET, ctypes.c_uint64(NETLINK | HIGH_BITS), ctypes.c_uint64(3), 0
        ),
    }
)
