"""Serves an Echo with grpcio on the port that it is told: JSON or not, bytes go back as they came."""

import sys
import time
from concurrent import futures

import grpc


def metadata_of(context):
    return {key: value for key, value in context.invocation_metadata()}


def fail(request, context):
    context.abort(grpc.StatusCode.PERMISSION_DENIED, f"not for {request.decode()}")


def late(_requests, context):
    yield b'{"n":1}'
    context.abort(grpc.StatusCode.ABORTED, "half way")


def hang(_request, context):
    while context.is_active():
        time.sleep(0.01)
    return b"{}"


def whoami(_request, context):
    found = metadata_of(context)
    text = ",".join(f"{key}={value!r}" for key, value in sorted(found.items()) if key != "user-agent")
    return f'{{"text":{quote(text)}}}'.encode()


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


handlers = {
    "Say": grpc.unary_unary_rpc_method_handler(lambda request, _context: request),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Hang": grpc.unary_unary_rpc_method_handler(hang),
    "Metadata": grpc.unary_unary_rpc_method_handler(whoami),
    "Count": grpc.unary_stream_rpc_method_handler(lambda request, _context: iter([request] * 3)),
    "Sum": grpc.stream_unary_rpc_method_handler(lambda requests, _context: b'{"total":%d}' % len(list(requests))),
    "Chat": grpc.stream_stream_rpc_method_handler(lambda requests, _context: requests),
    "Late": grpc.stream_stream_rpc_method_handler(late),
}
server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("python.Echo", handlers)])
server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
server.wait_for_termination()
