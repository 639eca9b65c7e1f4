"""A server of Lineup/1, written from docs/PROTOCOL.md alone. It has all levels but telnet. calc.py shows its use."""

import asyncio
import contextlib
import re
import signal
import sys
import time
import traceback
from functools import partial

from lineup1 import BUILTIN, VERB, BadLine, body_of_wrong_line, parse, quote, read_arguments, write_fields, write_line

MAX_LINE, MAX_BODY, MAX_DISCARD, MAX_IN_FLIGHT, MOST_UNKNOWN, DRAIN_MS = 8192, 1 << 20, 1 << 24, 256, 10, 5000
LIMITS = {"max-line": str(MAX_LINE), "max-body": str(MAX_BODY), "max-in-flight": str(MAX_IN_FLIGHT)}
STOP = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f\xff]")
HTTP_FIELD, HTTP_REQUEST = re.compile(r"[A-Za-z-]+:"), re.compile(r"(?s).* HTTP/...")


class Refusal(Exception):
    """An ERR line. `ends`: the connection ends behind it. `skip`: a body of so many bytes belongs to the line."""

    def __init__(self, code, message, ends=False, skip=None, **details):
        super().__init__(message)
        self.code, self.message, self.ends, self.skip, self.details = code, message, ends, skip, details


class Request:
    """A request that runs, for its handler."""

    def __init__(self, connection, tag, command):
        self.connection, self.tag, self.command = connection, tag, command

    async def item(self, **values):
        """Sends an item."""
        self.connection.write(self.tag, "*", *write_fields(values, self.command["items"]))
        await self.connection.writer.drain()
        await asyncio.sleep(0)  # A client that reads fast must not keep the server from others.


class Connection:
    """One client."""

    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer
        self.buffer, self.eol, self.tag, self.skip, self.bye = bytearray(), b"\r\n", None, None, None
        self.lines = self.unknown = 0
        self.timing = self.events = self.gone = False
        self.half_close = True
        self.tagged, self.untagged = {}, asyncio.Queue(MAX_IN_FLIGHT)

    async def more(self):
        """Reads more bytes. Returns whether there are any."""
        data = await self.reader.read(65536)
        self.buffer += data
        return bool(data)

    def end_at(self, at):
        """The size of the line end at a place of the buffer; None if it needs more bytes. Raises ValueError."""
        end = bytes(self.buffer[at:at + 2])
        if end[:1] == b"\n" or end in (b"\r\n", b"\r\0"):
            return 1 if end[:1] == b"\n" else 2
        if end not in (b"", b"\r"):
            raise ValueError
        return None

    async def take_line(self):
        """The next line; None at the end of the input."""
        at = 0
        while True:
            stop = STOP.search(self.buffer, at)
            at = stop.start() if stop else len(self.buffer)
            if at > MAX_LINE:
                raise Refusal("line-too-long", f"A line has at most {MAX_LINE} bytes.", ends=True)
            try:
                size = self.end_at(at)
            except ValueError:
                is_tls = self.lines == at == 0 and self.buffer[0] == 0x16
                code = "wrong-protocol" if is_tls else "bad-syntax"
                raise Refusal(code, f"The byte {self.buffer[at]:#04x} must not occur here.", ends=True) from None
            if size is not None:
                break
            if not await self.more():
                if self.buffer:
                    raise EOFError
                return None
        self.eol = b"\n" if size == 1 else b"\r\n"
        line = bytes(self.buffer[:at])
        del self.buffer[:at + size]
        self.lines += 1
        return line

    async def take_body(self, length):
        """A body, without the line end behind it."""
        try:
            while len(self.buffer) <= length or self.end_at(length) is None:
                if not await self.more():
                    raise EOFError
        except ValueError:
            raise Refusal("bad-syntax", "The body is longer than its length.", ends=True) from None
        body = bytes(self.buffer[:length])
        del self.buffer[:length + self.end_at(length)]
        return body

    async def next_request(self):
        """The verb, words, options and body of the next request; None at the end of the input."""
        if self.skip is not None:
            await self.take_body(self.skip)
            self.skip = None
        line = ""
        while not line:
            data = await self.take_line()
            if data is None:
                return None
            try:
                line = data.decode()
            except UnicodeDecodeError:
                raise Refusal("bad-syntax", "A line is UTF-8.", ends=True) from None
            if re.search("[\x80-\x9f]", line):
                raise Refusal("bad-syntax", "A line has no control characters.", ends=True)
            if HTTP_FIELD.match(line) or (self.lines == 1 and HTTP_REQUEST.fullmatch(line)):
                raise Refusal("wrong-protocol", "This port does not speak HTTP.", ends=True)
            line = line.strip(" \t")
        try:
            self.tag, verb, words, options, length = parse(line, VERB)
        except BadLine as error:
            self.tag = error.tag
            try:
                skip = body_of_wrong_line(line)
            except BadLine:
                skip = MAX_DISCARD + 1
            raise Refusal("bad-syntax", f"In this line, {error}.", (skip or 0) > MAX_DISCARD, skip) from None
        if length is not None and length > MAX_BODY:
            raise Refusal("body-too-large", f"A body has at most {MAX_BODY} bytes.", length > MAX_DISCARD, length)
        return verb.upper(), words, options, None if length is None else await self.take_body(length)

    def work_of(self, verb, words, options, body):
        """The work that answers a request. Raises Refusal."""
        if self.tag in self.tagged:
            raise Refusal("bad-syntax", f"The tag {self.tag} is in use.", ends=True)
        if self.tag and len(self.tagged) >= MAX_IN_FLIGHT:
            raise Refusal("quota", "Too many requests are in flight.", retry="100", scope="connection")
        command = self.server.commands.get(verb)
        if command is None:
            self.unknown += 1
            raise Refusal("unknown-command", f"There is no command {verb}.", ends=self.unknown == MOST_UNKNOWN)
        self.unknown = 0
        if self.server.draining and verb not in BUILTIN:
            raise Refusal("draining", "The server is shutting down.", retry="1000")
        try:
            args = read_arguments(verb, command, words, options, body)
        except ValueError as error:
            raise Refusal("bad-arguments", f"{error}.") from None
        handler = getattr(self, verb.lower()) if verb in BUILTIN else self.server.handlers[verb]
        return partial(self.execute, self.tag, command, handler, args, asyncio.get_running_loop().time())

    async def step(self):
        """Reads one request and starts it. Returns whether the connection goes on."""
        self.tag = None
        try:
            request = await self.next_request()
            if request is None:
                self.gone = not self.half_close
                return False
            work = self.work_of(*request)
            if request[0] == "QUIT":
                self.bye = self.tag, work
                return False
        except EOFError:
            self.tag = None
            refusal = Refusal("bad-syntax", "The input ended within a request.", ends=True)
            work = partial(refuse, refusal)
        except Refusal as error:
            refusal = error
            self.tag = None if self.tag in self.tagged else self.tag
            self.skip = refusal.skip
            work = partial(refuse, refusal)
        else:
            refusal = None
        if self.tag is None:
            await self.untagged.put(work)
        else:
            self.tagged[self.tag] = asyncio.create_task(self.answer(self.tag, work))
        return refusal is None or not refusal.ends

    async def execute(self, tag, command, handler, args, came):
        """The parts of the final line of a request. Raises Refusal."""
        deadline = came + args["within"] / 1000 if "within" in args else None
        if deadline and asyncio.get_running_loop().time() >= deadline:
            raise Refusal("expired", "The time given by within= is over.", executed="no")
        try:
            async with asyncio.timeout_at(deadline) as time_out:
                reply = await handler(args, Request(self, tag, command))
        except TimeoutError:
            if not time_out.expired():
                raise
            raise Refusal("expired", "The time given by within= is over.", executed="maybe") from None
        return write_fields(reply or {}, command.get("reply", {}))

    async def answer(self, tag, work):
        came = time.monotonic()
        try:
            head, (words, options, body) = "OK", await work()
        except Refusal as error:
            head, words, options, body = f"ERR {error.code} {quote(error.message)}", [], error.details, None
        except ConnectionError:
            return
        except asyncio.CancelledError:
            if self.gone:
                raise
            head, words, options, body = 'ERR cancelled "CANCEL ended it."', [], {"executed": "maybe"}, None
        except Exception:
            traceback.print_exc()
            head, words, options, body = 'ERR internal "The server failed."', [], {"executed": "maybe"}, None
        if self.timing:
            options = {**options, "waited": "0", "took": f"{(time.monotonic() - came) * 1000:.3f}"}
        self.tagged.pop(tag, None)
        self.write(tag, head, words, options, body)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def answer_in_order(self):
        while True:
            await self.answer(None, await self.untagged.get())
            self.untagged.task_done()

    def write(self, tag, head, words=(), options=None, body=None):
        self.writer.write(write_line(tag, head, words, options, body, self.eol))

    async def idle(self):
        """Waits until all that is in flight is answered."""
        await self.untagged.join()
        if self.tagged:
            await asyncio.wait(self.tagged.values())

    async def run(self):
        self.write(None, "OK", ["lineup/1", self.server.title], {**LIMITS, "auth": "none", "hint": "Type HELP"})
        self.in_order = asyncio.create_task(self.answer_in_order())
        try:
            while await self.step():
                pass
            if not self.gone:
                await self.idle()
            if self.bye:
                await self.answer(*self.bye)
            if not self.gone:
                await self.linger()
        except OSError:
            pass  # The client is gone.
        self.end()

    async def linger(self):
        """Closes this side and reads on: a reset could destroy the last answer."""
        self.writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                while await self.reader.read(65536):
                    pass

    def end(self):
        """Ends the connection. What runs is cancelled without an answer."""
        self.gone = True
        for task in [self.in_order, *self.tagged.values()]:
            task.cancel()
        self.writer.close()

    # The built-in commands

    async def hello(self, args, _request):
        if args["version"] != "lineup/1":
            raise Refusal("unsupported-version", "This server speaks lineup/1.")
        self.timing, self.events = args.get("timing", self.timing), args.get("events", self.events)
        self.half_close = args.get("half-close", self.half_close)
        limits = {name: int(value) for name, value in LIMITS.items()}
        return {"version": "lineup/1", "protocol": self.server.title, **limits, "auth": "none"}

    async def help(self, args, _request):
        verb = args.get("verb", "").upper()
        if verb and verb not in self.server.commands:
            raise Refusal("bad-arguments", f"There is no command {verb}.")
        chosen = [verb] if verb else self.server.commands
        lines = [f"{each} {' '.join(self.server.commands[each].get('args', {}))}".strip() for each in chosen]
        return {"body": self.eol.decode().join(lines)}

    async def spec(self, _args, _request):
        return {"body": {"lineup": "1", "protocol": self.server.protocol}}

    async def ping(self, args, _request):
        return {"word": args["word"]}

    async def stats(self, _args, _request):
        return {"count": 0}

    async def cancel(self, args, _request):
        await asyncio.sleep(0)  # The other task has begun behind this, and can see that it is cancelled.
        task = self.tagged.get(args["tag"])
        if task is None or task is asyncio.current_task():
            raise Refusal("not-found", f"No request with the tag {args['tag']} waits or runs.")
        task.cancel()
        await asyncio.wait([task])

    async def quit(self, _args, _request):
        return {"word": "bye"}


async def refuse(refusal):
    raise refusal


class Server:
    """Serves a protocol, in the form of SPEC, with handlers by verb: `async def handler(args, request)`."""

    def __init__(self, protocol, handlers):
        self.protocol, self.handlers = protocol, handlers
        self.title = f"{protocol['name']}/{protocol['version']}"
        self.commands = {**BUILTIN, **protocol["commands"]}
        self.connections, self.draining = set(), False

    async def accept(self, reader, writer):
        connection = Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            await connection.run()
        except asyncio.CancelledError:
            pass  # The server ends, and the time of the drain is over.
        finally:
            self.connections.discard(connection)

    async def drain(self):
        """Lets the requests in flight finish, and ends all connections."""
        self.draining = True
        for connection in self.connections:
            if connection.events:
                connection.writer.write(f"! draining within={DRAIN_MS}ms".encode() + connection.eol)
        ends = [asyncio.create_task(connection.idle()) for connection in self.connections]
        if ends:
            await asyncio.wait(ends, timeout=DRAIN_MS / 1000)
        for connection in self.connections:
            connection.end()

    async def serve(self, port):
        """Serves on loopback until SIGTERM or Ctrl-C."""
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        listener = await asyncio.start_server(self.accept, "127.0.0.1", port)
        print(f"{self.protocol['name']} listening on 127.0.0.1:{listener.sockets[0].getsockname()[1]}", flush=True)
        await stop.wait()
        listener.close()
        await self.drain()
