"""The suite of transports for the client of examples/python: `python3 FILE ADDRESS`. Prints a line of JSON a case."""

import asyncio
import json
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "python"))

from client import Client, Lost, Refused  # noqa: E402

CASES = {}


def case(name):
    def add(run):
        CASES[name] = run
        return run
    return add


def same(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")


async def refusal(waiting, kind=Refused):
    try:
        await waiting
    except kind as error:
        return error
    raise AssertionError("it was not refused")


@case("the greeting names the protocol")
async def _(client, _other):
    same([client.name, client.max_line], ["suite", 8192])


@case("a call gets its typed reply")
async def _(client, _other):
    same(await client.call("SUM", a=1.5, b=-2), {"sum": -0.5})
    for text in ["", 'a "b" \\ c=d', "é\u2028\0\r\n\t{5}", "𝕃" * 1000, "HTTP/1.1", "x}", "#a"]:
        same(await client.call("SAY", text=text), {"text": text})


@case("a refusal keeps its code, message, retry and details")
async def _(client, _other):
    error = await refusal(client.call("FAIL"))
    same([error.code, error.message, error.retry, error.details],
         ["no-luck", 'Not "today".', 15, {"day": "two words"}])


@case("1000 calls at once get each its own answer")
async def _(client, _other):
    replies = await asyncio.gather(*[client.call("SUM", a=a, b=1) for a in range(1000)])
    same([reply["sum"] - 1 for reply in replies], list(range(1000)))


@case("answers that come in another order find their calls")
async def _(client, _other):
    replies = await asyncio.gather(*[client.call("SHUFFLE", name="py-shuffle", of=200, n=n) for n in range(200)])
    same([reply["n"] for reply in replies], list(range(200)))


@case("a body of 1 MiB goes there and back, every byte value in it")
async def _(client, _other):
    body = bytes((i ^ (i >> 8)) & 255 for i in range(1 << 20))
    for each in (body, body[1:], b""):
        same((await client.call("ECHO", body=each))["body"] == each, True)


@case("10000 items come in order, followed by the reply")
async def _(client, _other):
    async with client.start("COUNT", to=10_000) as counting:
        same([item["n"] async for item in counting], list(range(1, 10_001)))
    same(counting.reply, {"count": 10_000})


@case("a client that stops reading items ends them at the server")
async def _(client, _other):
    seen = 0
    async with client.start("FLOW", name="py-flow", size=100) as flowing:
        async for item in flowing:
            same(len(item["text"]), 100)
            seen += 1
            if seen == 10:
                break
    await client.call("ENDED", name="py-flow")


@case("an aborted call is aborted at the server")
async def _(client, _other):
    holding = asyncio.create_task(client.call("HOLD", name="py-abort"))
    await client.call("BEGUN", name="py-abort")
    holding.cancel()
    await asyncio.wait([holding])
    same(holding.cancelled(), True)
    same(await client.call("ABORTED", name="py-abort"), {"begun": True})


@case("a call ends at its deadline, here and at the server")
async def _(client, _other):
    same((await refusal(client.call("HOLD", name="py-late", within=50))).code, "expired")
    await client.call("ABORTED", name="py-late")


@case("a lost connection fails a call behind the items that came")
async def _(client, other):
    seen = []

    async def read():
        async with client.start("CUT", name="py-cut") as cutting:
            async for item in cutting:
                seen.append(item["n"])
                await other.call("RELEASE", name="py-cut")

    await refusal(read(), Lost)
    same(seen, [1])


@case("a call that may not be made again is made once, and its error tells that it may have run")
async def _(client, other):
    await refusal(client.call("ONCE", name="py-once"), Lost)
    same(await other.call("TIMES", name="py-once"), {"times": 1})


@case("a client that knows no protocol asks the server for it")
async def _(client, _other):
    same(client.commands["SUM"]["args"], {"a": {"type": "number"}, "b": {"type": "number"}})


@case("close waits for the answers of calls in flight")
async def _(client, other):
    holding = asyncio.create_task(client.call("HOLD", name="py-close"))
    await other.call("BEGUN", name="py-close")
    closing = asyncio.create_task(client.close())
    await other.call("RELEASE", name="py-close")
    same(await holding, {"name": "py-close"})
    await closing
    await refusal(client.call("SUM", a=1, b=1), Lost)


async def main(address):
    for name, run in CASES.items():
        client, other = await Client.connect(address), await Client.connect(address)
        result = {"name": name}
        try:
            async with asyncio.timeout(60):
                await run(client, other)
        except Exception:
            result["error"] = traceback.format_exc()
        print(json.dumps(result), flush=True)
        for each in (client, other):
            await each.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
