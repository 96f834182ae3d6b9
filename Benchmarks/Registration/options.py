"""The options that the scripts share."""

import argparse
import os

import peers
from runner import OURS


def parser(description, pairs):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    methods = [OURS.lower(), *[name.lower() for name in peers.PEERS]]
    parser.add_argument("--pairs", type=positive, default=pairs, help=f"how many, in a cell (default: {pairs})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default=os.environ.get("LINWARP_DATA"), help="holds VOC2012/JPEGImages (default: LINWARP_DATA; without "
                        "it scenes are drawn)")
    parser.add_argument("--only", nargs="+", choices=methods, default=methods, help="default: all")
    parser.add_argument("--peers-cache", metavar="FILE", help="keeps the other programs' results; their seconds are those of the first run")
    parser.add_argument("--threads", type=positive, default=os.cpu_count())
    return parser


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {number}, expected at least 1")
    return number
