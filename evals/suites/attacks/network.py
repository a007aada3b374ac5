"""Reach the host's loopback, then the world."""

import socket

from attack import BAIT, all_refused


def tcp(host, port, family=socket.AF_INET):
    def attempt():
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(2)
            sock.connect((host, port))

    return attempt


def udp(host, port):
    def attempt():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.3)
            sock.connect((host, port))
            sock.send(b"out")
            sock.recv(10)

    return attempt


all_refused(
    {
        "TCP to the host's loopback": tcp("127.0.0.1", BAIT["tcp"]),
        "UDP to the host's loopback": udp("127.0.0.1", BAIT["udp"]),
        "raw sockets": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "ping": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP),
        "TCP outside": tcp("192.0.2.1", 443),
        "UDP outside": udp("192.0.2.1", 53),
        "IPv6": tcp("2001:db8::1", 443, socket.AF_INET6),
        "the metadata service": tcp("169.254.169.254", 80),
        "name resolution": lambda: socket.getaddrinfo("anton.example", 443),
    }
)
