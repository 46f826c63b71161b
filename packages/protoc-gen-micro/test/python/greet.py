"""Calls the service of examples/proto as any gRPC client does. Arguments: address. Input: descriptors, base64, a line each."""

import base64
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, timestamp_pb2  # noqa: F401
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

pool = descriptor_pool.Default()
for line in sys.stdin:
    file = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(line))
    if not file.name.startswith("google/"):
        pool.Add(file)


def kind(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"greeter.v1.{name}"))


HelloRequest, Greeting, CountRequest, Number = map(kind, ["HelloRequest", "Greeting", "CountRequest", "Number"])


def as_json(message):
    return json_format.MessageToDict(message)


with grpc.insecure_channel(sys.argv[1]) as channel:

    def method(shape, name, answer):
        make = getattr(channel, shape)
        return make(
            f"/greeter.v1.Greeter/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )

    hello = method("unary_unary", "Hello", Greeting)
    seen = {"hello": as_json(hello(HelloRequest(name="Ada", language=1), timeout=5))}
    seen["count"] = [one.value for one in method("unary_stream", "Count", Number)(CountRequest(to=3), timeout=5)]
    numbers = iter([Number(value=value) for value in (1, 2, -10)])
    seen["sum"] = method("stream_unary", "Sum", Number)(numbers, timeout=5).value
    guests = iter([HelloRequest(name="Grace"), HelloRequest(name="Konrad")])
    seen["party"] = [one.text for one in method("stream_stream", "Party", Greeting)(guests, timeout=5)]
    try:
        hello(HelloRequest(), timeout=5)
    except grpc.RpcError as error:
        seen["refused"] = [error.code().name, error.details()]
    database = ProtoReflectionDescriptorDatabase(channel)
    seen["services"] = sorted(database.get_services())
    found = database.FindFileContainingSymbol("greeter.v1.Greeter")
    seen["reflected"] = [found.name, [one.name for one in found.service[0].method]]
    print(json.dumps(seen))
