"""Reads lines and values as examples/python does. Standard input has a JSON array; the answer is one too."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "python"))

from lineup1 import VERB, BadLine, body_of_wrong_line, parse, read_value, write_value  # noqa: E402


def read_line(line):
    stripped = line.strip(" \t")
    if not stripped:
        return None
    try:
        tag, verb, words, options, length = parse(stripped, VERB)
        return {"tag": tag, "verb": verb.upper(), "words": words, "options": options, "length": length}
    except BadLine as error:
        try:
            return {"wrong": error.tag, "length": body_of_wrong_line(line)}
        except BadLine:
            return {"wrong": error.tag, "ends": True}


def read_field(text, field):
    try:
        value = read_value(text, field)
    except ValueError:
        return "wrong"
    plain = list(value) if isinstance(value, bytes) else value
    return [plain] if field["type"] in ("json", "number") else [plain, write_value(value, field)]


given = json.load(sys.stdin)
json.dump([read_line(*each) if len(each) == 1 else read_field(*each) for each in given], sys.stdout)
