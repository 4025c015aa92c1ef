"""Reads a folder of events with TensorBoard and writes what it found as JSON.

    python read_events.py FOLDER

Of every run, by its folder, and every tag: the list of [step, value, wall time]. TensorBoard checks the checksums of
every record itself.
"""

import json
import os
import sys

from tensorboard.backend.event_processing import event_accumulator, plugin_event_multiplexer


def main():
    runs = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"scalars": 0})
    runs.AddRunsFromDirectory(os.path.abspath(sys.argv[1]))
    runs.Reload()
    found = {}
    for run, tags in runs.Runs().items():
        values = lambda tag: [[e.step, float(e.tensor_proto.float_val[0]), e.wall_time] for e in runs.Tensors(run, tag)]
        found[run] = {tag: values(tag) for tag in tags[event_accumulator.TENSORS]}
    json.dump(found, sys.stdout)


main()
