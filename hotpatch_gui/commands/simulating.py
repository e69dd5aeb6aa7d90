"""``simulate``: a simulated Azure on loopback HTTP."""

from __future__ import annotations

import argparse

from hotpatch_gui.translation import translator

tr = translator("Simulating")

EXIT_USAGE = 2


def simulate(options: argparse.Namespace) -> int:
    """Serve until interrupted; the first line of output is the address."""
    import json  # noqa: PLC0415 - the other commands start without it
    import signal  # noqa: PLC0415 - the other commands start without it
    import sqlite3  # noqa: PLC0415 - the other commands start without it
    import sys  # noqa: PLC0415 - the other commands start without it

    from hotpatch_gui.domain.problems import ProblemError  # noqa: PLC0415 - the other commands start without it
    from hotpatch_gui.simulator.build import build_simulator  # noqa: PLC0415 - the other commands start without it
    from hotpatch_gui.simulator.guest import SUBSCRIPTION  # noqa: PLC0415 - the other commands start without it
    from hotpatch_gui.simulator.scenarios import SCENARIOS  # noqa: PLC0415 - the other commands start without it
    from hotpatch_gui.simulator.server import SimulatorServer  # noqa: PLC0415 - the other commands start without it
    from hotpatch_gui.simulator.state import UnreadableStateError  # noqa: PLC0415 - the other commands start without it
    from hotpatch_gui.system import resources  # noqa: PLC0415 - the other commands start without it

    if options.simulator_scenario not in SCENARIOS:
        print(
            tr(
                "Unknown scenario “{simulator_scenario}”. Choose from {scenarios}.",
                simulator_scenario=options.simulator_scenario,
                scenarios=", ".join(SCENARIOS),
            ),
            file=sys.stderr,
        )
        return EXIT_USAGE
    try:
        simulator = build_simulator(
            resources.calendar(),
            resources.read_json("other-updates.json"),
            state_path=options.state,
            machines=options.machines,
            seed=options.seed,
            speed=options.speed,
            quota=options.quota,
            pairs=resources.read_json("region-pairs.json")["pairs"],
            scenario=options.simulator_scenario,
        )
        server = SimulatorServer(simulator, options.port)
    except UnreadableStateError:
        print(
            tr(
                "The file {state} is from a newer version of the program or was changed. Choose "
                "another one with --state.",
                state=options.state,
            ),
            file=sys.stderr,
        )
        return EXIT_USAGE
    except (OSError, sqlite3.Error, ProblemError) as error:
        print(
            tr("The simulated Azure can't start: {error}. See --port and --state.", error=error),
            file=sys.stderr,
        )
        return EXIT_USAGE
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    print(json.dumps({"endpoint": server.endpoint, "subscription_id": SUBSCRIPTION}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        simulator.cloud.close()
    return 0
