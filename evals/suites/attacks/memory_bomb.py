"""Touch ever more memory."""

hoard = []
while True:
    hoard.append(bytearray(1 << 20))
    hoard[-1][::4096] = bytes([1]) * 256
