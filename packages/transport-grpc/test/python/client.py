"""Calls a service of ours with grpcio, and prints what it saw as one JSON object."""

import base64
import json
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")
same = {"request_serializer": lambda data: data, "response_deserializer": lambda data: data}
path = "/python.Echo/"
seen = {}

echo = channel.unary_unary(path + "Say", **same)
seen["unary"] = echo(b'{"text":"gr\xc3\xbc\xc3\x9fe"}', timeout=5).decode()
seen["any package"] = channel.unary_unary("/a.b.c.Echo/Say", **same)(b'{"text":"x"}', timeout=5).decode()
seen["gzip"] = echo(b'{"text":"' + b"z" * 5000 + b'"}', timeout=5, compression=grpc.Compression.Gzip).decode().count("z")
seen["server stream"] = [part.decode() for part in channel.unary_stream(path + "Count", **same)(b'{"to":3}', timeout=5)]
seen["client stream"] = channel.stream_unary(path + "Sum", **same)(iter([b'{"n":1}', b'{"n":2}']), timeout=5).decode()
seen["bidi"] = [
    part.decode()
    for part in channel.stream_stream(path + "Chat", **same)(iter([b'{"text":"a"}', b'{"text":"b"}']), timeout=5)
]
seen["metadata"] = channel.unary_unary(path + "Metadata", **same)(
    b"{}", timeout=5, metadata=[("tenant", "acme"), ("blob-bin", b"\x00\xff")]
).decode()


def failure(run):
    try:
        run()
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        return [error.code().name, error.details(), base64.b64encode(details).decode()]
    return None


seen["error"] = failure(lambda: channel.unary_unary(path + "Fail", **same)(b'{"text":"no such thing \xc3\xb1"}', timeout=5))
seen["wrong bytes"] = failure(lambda: echo(b"not JSON", timeout=5))
seen["unknown"] = failure(lambda: channel.unary_unary(path + "Nothing", **same)(b"{}", timeout=5))
seen["deadline"] = failure(lambda: channel.unary_unary(path + "Hang", **same)(b"{}", timeout=0.1))[0]
seen["too large"] = failure(lambda: echo(b'{"text":"' + b"x" * (5 * 2**20) + b'"}', timeout=5))[0]

call = channel.unary_unary(path + "Hang", **same).future(b"{}")
call.cancel()
seen["cancelled"] = call.cancelled()

health = health_pb2_grpc.HealthStub(channel)
seen["health"] = [health.Check(health_pb2.HealthCheckRequest(service=name), timeout=5).status for name in ("", "python.Echo", "Echo")]
seen["health of nobody"] = failure(lambda: health.Check(health_pb2.HealthCheckRequest(service="Nobody"), timeout=5))[0]
watch = health.Watch(health_pb2.HealthCheckRequest(service="Nobody"), timeout=5)
seen["watch of nobody"] = next(watch).status
watch.cancel()

reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
asked = [
    reflection_pb2.ServerReflectionRequest(list_services=""),
    reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.health.v1.Health"),
    reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Thing"),
]
listed, described, unknown = reflection.ServerReflectionInfo(iter(asked), timeout=5)
seen["services"] = [service.name for service in listed.list_services_response.service]
seen["files"] = len(described.file_descriptor_response.file_descriptor_proto)
seen["no such symbol"] = unknown.error_response.error_code

print(json.dumps(seen))
