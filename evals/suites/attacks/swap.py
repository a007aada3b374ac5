"""Swap a file and a folder for links to others, as fast as can be."""

import os

with open("real", "w") as file:
    file.write("inside")
os.mkdir("folder")
with open("folder/passwd", "w") as file:
    file.write("inside")
print("swapping", flush=True)
while True:
    os.link("real", "next")
    os.rename("next", "target")
    os.symlink("/etc/passwd", "next")
    os.rename("next", "target")
    os.rename("folder", "aside")
    os.symlink("/etc", "folder")
    os.unlink("folder")
    os.rename("aside", "folder")
