"""What Anton keeps."""
