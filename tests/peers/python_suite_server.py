"""The protocol of the suite of transports, on the server of examples/python: `python3 FILE SPEC-FILE`."""

import asyncio
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "python"))

from server import Refusal, Server  # noqa: E402


class Held:
    """The events of a HOLD, of a CUT or of a FLOW."""

    def __init__(self):
        self.gate, self.begin, self.end, self.count = asyncio.Event(), asyncio.Event(), asyncio.Event(), 0


held, times, shuffles = {}, {}, {}


def held_by(args):
    return held.setdefault(args["name"], Held())


async def add(args, _request):
    return {"sum": args["a"] + args["b"]}


async def same(args, _request):
    return args


async def fail(_args, _request):
    raise Refusal("no-luck", 'Not "today".', retry="15", day="two words")


async def shuffle(args, _request):
    waiting = shuffles.setdefault(args["name"], [])
    mine = asyncio.Event()
    waiting.append(mine)
    if len(waiting) == args["of"]:
        for i in range(args["of"]):
            waiting[i * 7 % args["of"]].set()
            await asyncio.sleep(0)
    await mine.wait()
    return {"n": args["n"]}


async def count(args, request):
    for n in range(1, args["to"] + 1):
        await request.item(n=n)
    return {"count": args["to"]}


async def flow(args, request):
    flowing = held_by(args)
    try:
        while True:
            flowing.count += 1
            await request.item(text="x" * args["size"])
    finally:
        flowing.end.set()


async def produced(args, _request):
    return {"count": held_by(args).count}


async def ended(args, _request):
    await held_by(args).end.wait()


async def hold(args, _request):
    holding = held_by(args)
    holding.begin.set()
    try:
        await holding.gate.wait()
    except asyncio.CancelledError:
        holding.end.set()
        raise
    return {"name": args["name"]}


async def release(args, _request):
    held_by(args).gate.set()


async def begun(args, _request):
    await held_by(args).begin.wait()


async def aborted(args, _request):
    holding = held_by(args)
    if holding.begin.is_set():
        await holding.end.wait()
    return {"begun": holding.begin.is_set()}


async def flaky(args, request):
    times[args["name"]] = times.get(args["name"], 0) + 1
    if times[args["name"]] > 1:
        return {"times": times[args["name"]]}
    return await lose(request)


async def once(args, request):
    times[args["name"]] = times.get(args["name"], 0) + 1
    return await lose(request)


async def lose(request):
    request.connection.writer.transport.abort()
    await asyncio.Event().wait()


async def times_of(args, _request):
    return {"times": times.get(args["name"], 0)}


async def cut(args, request):
    await request.item(n=1)
    await held_by(args).gate.wait()
    return await lose(request)


HANDLERS = {
    "SUM": add, "SAY": same, "ECHO": same, "FAIL": fail, "SHUFFLE": shuffle, "COUNT": count, "FLOW": flow,
    "PRODUCED": produced, "ENDED": ended, "HOLD": hold, "RELEASE": release, "BEGUN": begun, "ABORTED": aborted,
    "FLAKY": flaky, "ONCE": once, "TIMES": times_of, "CUT": cut,
}

if __name__ == "__main__":
    spec = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    asyncio.run(Server(spec["protocol"], HANDLERS).serve(0))
