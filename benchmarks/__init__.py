"""Figures as ratios within one run; `make bench` prints them. Nothing here fails a build."""
