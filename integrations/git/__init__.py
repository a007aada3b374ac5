"""Local repositories, read and written through a trusted git directory of our own."""
