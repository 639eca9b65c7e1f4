"""The lines, values and commands of Lineup/1, for both sides. Written from docs/PROTOCOL.md alone."""

import base64
import json
import math
import re
from fractions import Fraction

VERB, STATUS = r"[A-Za-z][A-Za-z0-9-]{0,31}", r"OK|ERR|\*|!"
TAG = re.compile(r"#([A-Za-z0-9_.-]{1,32})(?:[ \t]+|\Z)")
LENGTH = r"\{(0|[1-9][0-9]{0,9})\}"
PART = re.compile(r'[ \t]+(?:' + LENGTH + r'\Z|(?:([a-z][a-z0-9-]*)=)?'
                  r'(?:"((?:[^"\\]|\\.)*)"|([^ \t"={#][^ \t"=]*(?<!\})))(?=[ \t]|\Z))')
ESCAPE = re.compile(r'\\(?:(["\\nrt])|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|.)')
BARE = re.compile(r'(?![#{]|HTTP/)[^ "=\x00-\x1f\x7f-\x9f]+(?<!\})\Z')
LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SIZES = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
TRUTH = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


# What SPEC would say about every server.
WORD, SIZE, FLAG = {"type": "word", "positional": True}, {"type": "size"}, {"type": "boolean"}
COMMON = {
    "within": {"type": "duration", "min": 1, "max": 2**31 - 1},
    "class": {"type": "enum", "values": ["interactive", "normal", "bulk", "background"]},
    "trace": {"type": "text", "max": 512},
}
BUILTIN = {
    "HELLO": {"args": {"version": WORD},
              "options": {"agent": {"type": "text", "max": 128}, "timing": FLAG, "events": FLAG, "half-close": FLAG,
                          "heartbeat": {"type": "duration", "min": 1000, "max": 3_600_000}, "rights": FLAG},
              "reply": {"version": WORD, "protocol": WORD, "max-line": SIZE, "max-body": SIZE, "max-in-flight": SIZE,
                        "auth": {"type": "enum", "values": ["none", "token"]}}},
    "HELP": {"args": {"verb": {"type": "word", "optional": True}}, "reply": {"body": {"type": "text"}}},
    "SPEC": {"reply": {"body": {"type": "json"}}},
    "PING": {"args": {"word": {"type": "text", "default": "pong"}}, "reply": {"word": {**WORD, "type": "text"}}},
    "STATS": {"reply": {"count": {"type": "integer"}}},
    "CANCEL": {"args": {"tag": WORD}},
    "QUIT": {"reply": {"word": WORD}},
}


class BadLine(ValueError):
    """A line that is not in the grammar, with its tag if it could be read."""

    def __init__(self, message, tag=None):
        super().__init__(message)
        self.tag = tag


def parse(line, heads):
    """The tag, head, words, options and length of a line. Raises BadLine."""
    tag = TAG.match(line)
    at, name = (tag.end(), tag[1]) if tag else (0, None)
    head = re.compile(rf"({heads})(?=[ \t]|\Z)").match(line, at)
    if not head:
        raise BadLine("the line does not begin as it must", name)
    words, options, length, at = [], {}, None, head.end()
    while at < len(line):
        part = PART.match(line, at)
        if not part:
            raise BadLine(f"this is no word, option or length: {line[at:at + 40].strip()}", name)
        count, option, quoted, bare = part.groups()
        value = bare if quoted is None else ESCAPE.sub(lambda each: unescape(each, name), quoted)
        if count is not None:
            length = int(count)
        elif option is None:
            words.append(value)
        elif option in options:
            raise BadLine(f"the option {option} is given twice", name)
        else:
            options[option] = value
        at = part.end()
    return name, head[1], words, options, length


def unescape(found, tag):
    letter, short, long = found.groups()
    point = int(short or long or "d800", 16)
    if letter is None and (point > 0x10FFFF or 0xD800 <= point < 0xE000):
        raise BadLine(f"there is no escape {found[0]}", tag)
    return LETTERS[letter] if letter else chr(point)


def body_of_wrong_line(line):
    """The length of its body, None if it has none. Raises BadLine if nobody can know."""
    quoted, brace, at, line = False, None, 0, line.rstrip(" \t")
    while at < len(line):
        if line[at] == '"':
            quoted = not quoted
        elif quoted and line[at] == "\\":
            at += 1
        elif not quoted and line[at] == "{" and (at == 0 or line[at - 1] in " \t"):
            if brace is not None:
                raise BadLine("two lengths")
            brace = at
        at += 1
    if quoted or brace is None:
        if brace is not None or line.endswith("}"):
            raise BadLine("perhaps a length")
        return None
    found = re.fullmatch(LENGTH, line[brace:])
    if not found:
        raise BadLine("no length")
    return int(found[1])


def quote(text):
    named = {value: "\\" + letter for letter, value in LETTERS.items()}
    return '"' + re.sub(r'["\\\x00-\x1f\x7f-\x9f]', lambda c: named.get(c[0]) or f"\\x{ord(c[0]):02x}", text) + '"'


def write_line(tag, head, words=(), options=None, body=None, eol=b"\n"):
    """The bytes of a line and its body."""
    parts = [f"#{tag} {head}" if tag else head]
    parts += [word if BARE.match(word) else quote(word) for word in words]
    parts += [f"{name}={word if BARE.match(word) else quote(word)}" for name, word in (options or {}).items()]
    if body is None:
        return " ".join(parts).encode() + eol
    return " ".join([*parts, f"{{{len(body)}}}"]).encode() + eol + body + eol


def read_value(text, field):
    """The value of a word. Raises ValueError."""
    kind, value, size = field["type"], text, None
    if kind in ("text", "word"):
        size = len(text)
        if kind == "word" and not re.fullmatch(r"[^\s\ufeff\x00-\x1f\x7f-\x9f]+", text):
            raise ValueError(text)
    elif kind == "integer":
        if not re.fullmatch(r"0|-?[1-9][0-9]*", text) or abs(int(text)) >= 2**53:
            raise ValueError(text)
        size = value = int(text)
    elif kind == "number":
        size = value = float(text)
        if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) or not math.isfinite(value):
            raise ValueError(text)
    elif kind == "boolean":
        if text not in TRUTH:
            raise ValueError(text)
        value = TRUTH[text]
    elif kind in ("duration", "size"):
        pattern, units = {"duration": (r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)", UNITS),
                          "size": (r"([0-9]+)(B|KiB|MiB|GiB|)", SIZES)}[kind]
        found = re.fullmatch(pattern, text)
        if not found:
            raise ValueError(text)
        size = value = math.floor(Fraction(found[1]) * units[found[2]] + Fraction(1, 2))
        if value >= 2**53:
            raise ValueError(text)
    elif kind == "bytes":
        value = base64.b64decode(text, validate=True)
        size = len(value)
        if len(text) % 4:
            raise ValueError(text)
    elif kind == "json":
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    elif text not in field["values"]:
        raise ValueError(text)
    if size is not None and not field.get("min", -math.inf) <= size <= field.get("max", math.inf):
        raise ValueError(text)
    return value


def write_value(value, field):
    """The word of a value."""
    kind = field["type"]
    if kind == "boolean":
        return "yes" if value else "no"
    if kind == "number":
        return repr(float(value)).removesuffix(".0")
    if kind == "duration":
        return f"{value // 1000}s" if value > 0 and value % 1000 == 0 else f"{value}ms"
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return json.dumps(value, separators=(",", ":")) if kind == "json" else str(value)


def read_body(data, field):
    """The value of a body. Raises ValueError."""
    if field["type"] != "bytes":
        return read_value(data.decode(), field)
    if not field.get("min", 0) <= len(data) <= field.get("max", math.inf):
        raise ValueError("the body has a wrong length")
    return data


def write_body(value, field):
    if field["type"] == "bytes":
        return value.encode() if isinstance(value, str) else bytes(value)
    return write_value(value, field).encode()


def write_fields(values, fields):
    """The words, options and body of a line for values by name. Fields of arguments are marked positional."""
    words, options, body = [], {}, None
    for name, field in fields.items():
        value = values.get(name)
        if value is None:
            continue
        if name == "body":
            body = write_body(value, field)
        elif field.get("many"):
            words += [write_value(each, field) for each in value]
        elif field.get("positional"):
            words.append(write_value(value, field))
        else:
            options[name] = write_value(value, field)
    return words, options, body


def read_arguments(verb, command, words, options, body):
    """The arguments of a request by name. Raises ValueError with a message."""
    fields, named, values = command.get("args", {}), {**command.get("options", {}), **COMMON}, {}
    args = [(name, field) for name, field in fields.items() if name != "body"]

    def read(name, field, text):
        try:
            return read_body(text, field) if isinstance(text, bytes) else read_value(text, field)
        except ValueError:
            raise ValueError(f"{name} of {verb} must be {field['type']}") from None

    is_fixed = not any(field.get("optional") or "default" in field or field.get("many") for _, field in args)
    if body is None and "body" in fields and is_fixed and len(words) == len(args) + 1:
        body = words.pop().encode()
    if body is not None and "body" not in fields:
        raise ValueError(f"{verb} takes no body")
    if body is not None:
        values["body"] = read("body", fields["body"], body)
    for name, field in args:
        if words and field.get("many"):
            values[name], words = [read(name, field, word) for word in words], []
        elif words:
            values[name] = read(name, field, words.pop(0))
    if words:
        raise ValueError(f"{words[0]} is one argument too many for {verb}")
    for name, text in options.items():
        if name not in named:
            raise ValueError(f"{verb} has no option {name}")
        values[name] = read(name, named[name], text)
    for name, field in {**fields, **named}.items():
        if name not in values and "default" in field:
            values[name] = read_value(field["default"], field)
        elif name not in values and (field.get("required") if name in named else not field.get("optional")):
            raise ValueError(f"{verb} needs {name}")
    return values
