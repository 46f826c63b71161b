"""Reads cases as JSON from standard input, and answers what Python's protobuf makes of them.

In: {"files": [base64 of FileDescriptorProto], "cases": [{"type", "binary": base64, "json"}]}
Out: a list of {"json": of the binary form, "same": whether both forms are the same message, "error"}
"""

import base64
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf import any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2  # noqa: F401

pool = descriptor_pool.Default()


def main():
    given = json.load(sys.stdin)
    for text in given["files"]:
        file = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(text))
        if not file.name.startswith("google/"):
            pool.Add(file)
    print(json.dumps([answer(case) for case in given["cases"]]))


def answer(case):
    try:
        kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(case["type"]))
        binary = kind.FromString(base64.b64decode(case["binary"]))
        parsed = json_format.Parse(case["json"], kind())
        # NaN is no NaN: compared as bytes
        same = parsed.SerializeToString(deterministic=True) == binary.SerializeToString(deterministic=True)
        return {
            "json": json_format.MessageToJson(binary, indent=None, ensure_ascii=False),
            "same": same,
            "binary": base64.b64encode(parsed.SerializeToString()).decode(),
        }
    except Exception as error:  # told to the test
        return {"error": f"{type(error).__name__}: {error}"}


main()
