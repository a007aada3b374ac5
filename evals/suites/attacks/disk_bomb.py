"""Fill every place that can be written."""

import os
import sys

for place in (os.getcwd(), "/tmp", "/dev/shm", os.environ["HOME"]):
    try:
        with open(place + "/hoard", "wb") as file:
            while True:
                file.write(bytes(1 << 20))
    except OSError as error:
        print(place, error.strerror)
sys.exit(1)
