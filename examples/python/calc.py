"""A calculator on a line: `python3 examples/python/calc.py [PORT]`, then `telnet 127.0.0.1 5463`."""

import asyncio
import math
import sys

from server import Refusal, Server

NUMBER, INTEGER = {"type": "number"}, {"type": "integer"}
PROTOCOL = {
    "name": "calc",
    "version": "1.0",
    "summary": "A calculator on a line.",
    "commands": {
        "ADD": {
            "summary": "Add two numbers.",
            "args": {"a": NUMBER, "b": NUMBER},
            "reply": {"sum": NUMBER},
            "errors": {"too-large": {"summary": "The result is larger than any number here."}},
            "examples": [{"request": "ADD 1 2", "reply": "OK sum=3"}],
        },
        "COUNT": {
            "summary": "Count from one number to another, a line each.",
            "args": {"from": INTEGER, "to": INTEGER},
            "items": {"n": INTEGER},
            "reply": {"count": INTEGER},
            "examples": [{"request": "COUNT 1 3", "reply": "* n=1\n* n=2\n* n=3\nOK count=3"}],
        },
        "SLEEP": {
            "summary": "Answer after a while.",
            "args": {"ms": {"type": "integer", "min": 0, "max": 60_000}},
            "examples": [{"request": "SLEEP 1", "reply": "OK"}],
        },
        "SORT": {
            "summary": "Sort the lines of a body.",
            "args": {"body": {"type": "text"}},
            "reply": {"body": {"type": "text"}},
            "examples": [
                {"request": "SORT {3}\nb\na", "reply": "OK {3}\na\nb"},
                {"request": "SORT b", "reply": "OK {1}\nb"},
            ],
        },
    },
}


async def add(args, _request):
    total = args["a"] + args["b"]
    if not math.isfinite(total):
        raise Refusal("too-large", "The result is too large.")
    return {"sum": total}


async def count(args, request):
    for n in range(args["from"], args["to"] + 1):
        await request.item(n=n)
    return {"count": max(0, args["to"] - args["from"] + 1)}


async def sleep(args, _request):
    await asyncio.sleep(args["ms"] / 1000)


async def sort(args, _request):
    return {"body": "\n".join(sorted(args["body"].split("\n")))}


if __name__ == "__main__":
    server = Server(PROTOCOL, {"ADD": add, "COUNT": count, "SLEEP": sleep, "SORT": sort})
    asyncio.run(server.serve(int(sys.argv[1]) if len(sys.argv) > 1 else 5463))
