"""What is written into files beside the picture: left out, blanked, or written in."""
