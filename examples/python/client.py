"""A client of Lineup/1, written from docs/PROTOCOL.md alone. It learns the types of a protocol from SPEC.

    python3 examples/python/client.py 127.0.0.1:5463 ADD 1 2

In a program:

    client = await Client.connect("127.0.0.1:5463")
    print(await client.call("ADD", a=1, b=2))                 # {'sum': 3}
    async with client.start("COUNT", {"from": 1, "to": 3}) as counting:
        async for item in counting:
            print(item["n"])
    await client.close()
"""

import asyncio
import itertools
import json
import re
import sys

from lineup1 import COMMON, STATUS, parse, read_body, read_value, write_fields, write_line

MAX_LINE, MAX_BODY, MOST_UNREAD, MOST_IN_FLIGHT = 1 << 16, 1 << 26, 64, 256


class Refused(Exception):
    """An ERR line: `code`, `retry` in ms or None, `executed` ("no", "maybe" or None), further `details`."""

    def __init__(self, words, options):
        code, message = (*words, "", "")[:2]
        super().__init__(f"{code}: {message}")
        details = dict(options)
        retry = details.pop("retry", "")
        self.code, self.message, self.retry = code, message, int(retry) if retry.isdecimal() else None
        self.executed, self.details = details.pop("executed", None), details


class Lost(ConnectionError):
    """The connection is lost, or the other side does not speak Lineup/1."""


class Call:
    """A request: `async with` sends it, `async for` yields its items, then `reply` has its reply."""

    def __init__(self, client, line, command):
        self.client, self.line, self.command = client, line, command
        self.tag, self.reply, self.forgotten = None, None, False
        self.lines, self.taken = asyncio.Queue(), asyncio.Event()

    async def __aenter__(self):
        await self.client.send(self)
        return self

    async def __aexit__(self, *_):
        if self.client.calls.get(self.tag) is self:
            # The tag stays in use until the server has answered.
            self.forgotten = True
            self.taken.set()
            await self.client.send(Call(self.client, ("CANCEL", [self.tag]), {}), cancels=True)

    async def __aiter__(self):
        while self.reply is None:
            head, words, options, body = await self.lines.get()
            self.taken.set()
            if head == "ERR":
                raise Refused(words, options)
            if head == "lost":
                raise self.client.lost
            values = read_fields(words, options, body, self.command.get("items" if head == "*" else "reply", {}))
            if head == "*":
                yield values
            else:
                self.reply = values


def read_fields(words, options, body, fields):
    """The values of a reply by name. Ignores what SPEC does not have."""
    values, words = {}, list(words)
    for name, field in fields.items():
        if name == "body":
            if body is not None:
                values[name] = read_body(body, field)
        elif field.get("positional") and field.get("many"):
            values[name], words = [read_value(word, field) for word in words], []
        elif field.get("positional"):
            if words:
                values[name] = read_value(words.pop(0), field)
        elif name in options:
            values[name] = read_value(options[name], field)
        if name not in values and "default" in field:
            values[name] = read_value(field["default"], field)
        elif name not in values and not field.get("optional"):
            raise ValueError(f"{name} is missing")
    return values


class Client:
    """A connection. All methods may be used by many tasks at once."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.calls, self.lost = reader, writer, {}, None
        self.tags, self.commands = map(str, itertools.count(1)), {}

    @classmethod
    async def connect(cls, address, timeout=10):
        """Connects to HOST:PORT or unix:PATH. Raises Lost, and Refused if the server refuses the connection."""
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        async with asyncio.timeout(timeout):
            client = cls(*await (asyncio.open_unix_connection(address[5:], limit=MAX_LINE)
                                 if address.startswith("unix:")
                                 else asyncio.open_connection(host.strip("[]"), int(port), limit=MAX_LINE)))
            _, head, words, options, _ = await client.read_line()
            if head == "ERR":
                raise Refused(words, options)
            if head != "OK" or len(words) < 2 or words[0] != "lineup/1":
                raise Lost("this is no server of lineup/1")
            client.name, client.version = words[1].split("/")
            client.max_line, client.max_body = int(options["max-line"]), int(options["max-body"])
            # A CANCEL needs room too.
            most = min(MOST_IN_FLIGHT, int(options.get("max-in-flight", MOST_IN_FLIGHT)))
            client.room = asyncio.Semaphore(max(1, most - 2))
            client.reading = asyncio.create_task(client.read())
            spec = Call(client, ("SPEC",), {"reply": {"body": {"type": "json"}}})
            client.commands = (await client.finish(spec))["body"]["protocol"]["commands"]
        return client

    def start(self, verb, args={}, **more):
        """A call of a command with these arguments and options by name. Raises ValueError for a wrong one."""
        command = self.commands[verb]
        options = {**command.get("options", {}), **COMMON}
        fields = {name: {**field, "positional": True} for name, field in command.get("args", {}).items()}
        fields |= {name: {**field, "optional": not field.get("required")} for name, field in options.items()}
        values = {**args, **more}
        for name in values:
            if name not in fields:
                raise ValueError(f"{verb} has no {name}")
        parts = write_fields(values, fields)
        read_fields(*parts, fields)  # What the server would refuse must not be sent.
        return Call(self, (verb, *parts), command)

    async def call(self, verb, args={}, **more):
        """The reply of a command. Raises Refused and Lost. A task that is cancelled cancels its request."""
        return await self.finish(self.start(verb, args, **more))

    async def finish(self, call):
        async with call:
            async for _ in call:
                pass
        return call.reply

    async def close(self):
        """Waits for the answers in flight, and ends the connection."""
        if not self.lost:
            self.writer.write(b"QUIT\n")
        await self.reading
        self.writer.close()

    async def send(self, call, cancels=False):
        if not cancels:
            await self.room.acquire()
        if self.lost:
            self.room.release()
            raise self.lost
        call.tag, call.forgotten, call.cancels = next(self.tags), cancels, cancels
        data = write_line(call.tag, *call.line)
        line = data.index(b"\n")
        if line > self.max_line or len(data) - line > self.max_body + 2:
            self.room.release()
            raise ValueError("the server does not take a line or a body as long as this")
        self.calls[call.tag] = call
        self.writer.write(data)
        await self.writer.drain()

    async def read_line(self):
        """The next line of the server with its body."""
        line = await self.reader.readuntil(b"\n")
        tag, head, words, options, length = parse(line.decode().rstrip("\r\n"), STATUS)
        if (length or 0) > MAX_BODY:
            raise Lost(f"a body of {length} bytes is too large")
        body = None if length is None else await self.reader.readexactly(length)
        if body is not None and await self.reader.readuntil(b"\n") not in (b"\n", b"\r\n"):
            raise Lost("a body is longer than its length")
        return tag, head, words, options, body

    async def read(self):
        """Hands each line to its call, until the connection ends."""
        try:
            while True:
                tag, head, *parts = await self.read_line()
                call = self.calls.get(tag)
                if head == "!" or (tag is None and head == "OK"):
                    continue
                if call is None:
                    raise Lost(" ".join(parts[0]) if head == "ERR" else f"tag {tag} was not sent")
                if head != "*":
                    del self.calls[tag]
                    if not call.cancels:
                        self.room.release()
                call.taken.clear()
                call.lines.put_nowait((head, *parts))
                while call.lines.qsize() > MOST_UNREAD and not call.forgotten:
                    call.taken.clear()
                    await call.taken.wait()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            self.lost = error if isinstance(error, Lost) else Lost(f"the connection is lost: {error}")
            for call in self.calls.values():
                call.lines.put_nowait(("lost", [], {}, None))
            self.room.release()


async def main(address, verb, *words):
    client = await Client.connect(address)
    options = dict(word.split("=", 1) for word in words if re.match("[a-z][a-z0-9-]*=", word))
    call = Call(client, (verb, [word for word in words if not re.match("[a-z][a-z0-9-]*=", word)], options), {})
    try:
        async with call:
            while True:
                head, *parts = await call.lines.get()
                print(write_line(None, head, *parts).decode().rstrip("\n"))
                if head != "*":
                    return head != "OK"
    finally:
        await client.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
