package main

import (
	"context"
	stderrors "errors"
	"io"
	"strings"
	"time"

	"go-micro.dev/v4/errors"
	"go-micro.dev/v4/metadata"
	"go-micro.dev/v4/server"
)

type Greeter struct{}

type HelloRequest struct {
	Name string `json:"name"`
}
type HelloReply struct {
	Msg  string `json:"msg"`
	From string `json:"from"`
}

func (*Greeter) Hello(_ context.Context, request *HelloRequest, reply *HelloReply) error {
	*reply = HelloReply{Msg: "Hello " + request.Name, From: me}
	return nil
}

type Echo struct{}

type Text struct {
	Text string `json:"text"`
}

func (*Echo) Text(_ context.Context, request *Text, reply *Text) error {
	*reply = *request
	return nil
}

type FailRequest struct {
	ID     string `json:"id"`
	Code   int32  `json:"code"`
	Detail string `json:"detail"`
}
type Nothing struct{}

// Fails as it is told; without a code as a handler does that knows nothing of go-micro's errors.
func (*Echo) Fail(_ context.Context, request *FailRequest, _ *Nothing) error {
	if request.Code == 0 {
		return stderrors.New(request.Detail)
	}
	return errors.New(request.ID, request.Detail, request.Code)
}

type HeadersReply struct {
	Headers map[string]string `json:"headers"`
	LeftMs  int64             `json:"leftMs"`
}

// What came with the call: its metadata, and how long the caller waits.
func (*Echo) Headers(ctx context.Context, _ *Nothing, reply *HeadersReply) error {
	headers, _ := metadata.FromContext(ctx)
	*reply = HeadersReply{Headers: map[string]string{}}
	for key, value := range headers {
		reply.Headers[strings.ToLower(key)] = value
	}
	if deadline, ok := ctx.Deadline(); ok {
		reply.LeftMs = time.Until(deadline).Milliseconds()
	}
	return nil
}

type SlowRequest struct {
	Ms int `json:"ms"`
}

// Waits, and tells whether it was allowed to.
func (*Echo) Slow(ctx context.Context, request *SlowRequest, _ *Nothing) error {
	select {
	case <-time.After(time.Duration(request.Ms) * time.Millisecond):
		ended("Echo.Slow", nil)
	case <-ctx.Done():
		ended("Echo.Slow", ctx.Err())
		return errors.Timeout("echo", "%v", ctx.Err())
	}
	return nil
}

type CountRequest struct {
	To      int `json:"to"`
	EveryMs int `json:"everyMs"`
	FailAt  int `json:"failAt"`
}
type Number struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

// A server stream. It is slow on purpose: sent without a pause, items overwrite each other (server/rpc_stream.go).
func (*Echo) Count(_ context.Context, stream server.Stream) error {
	var request CountRequest
	if err := stream.Recv(&request); err != nil {
		return err
	}
	tell(map[string]string{"event": "began", "endpoint": "Echo.Count"})
	for n := 1; n <= request.To; n++ {
		if n == request.FailAt {
			return errors.Conflict("echo", "stop at größe")
		}
		// Send itself never fails, and the context is not told that the client has left: the stream's error is all there is.
		err := stream.Send(&Number{N: n, Text: "größe"})
		if err == nil {
			err = stream.Error()
		}
		if err != nil {
			ended("Echo.Count", err)
			return err
		}
		time.Sleep(time.Duration(request.EveryMs) * time.Millisecond)
	}
	ended("Echo.Count", nil)
	return nil
}

// A two-way stream: every text comes back in capitals, `fail` ends it with an error.
func (*Echo) Chat(_ context.Context, stream server.Stream) error {
	for {
		var said Text
		err := stream.Recv(&said)
		if err == io.EOF {
			ended("Echo.Chat", nil)
			return nil
		}
		if err != nil {
			ended("Echo.Chat", err)
			return err
		}
		if said.Text == "fail" {
			return errors.Conflict("echo", "stop at größe")
		}
		if err := stream.Send(&Text{strings.ToUpper(said.Text)}); err != nil {
			return err
		}
	}
}

type SumRequest struct {
	N    int  `json:"n"`
	Last bool `json:"last"`
}
type SumReply struct {
	Sum int `json:"sum"`
}

// A client stream. go-micro's clients cannot end their side alone, so a message says that it is the last.
func (*Echo) Sum(_ context.Context, stream server.Stream) error {
	sum := 0
	for {
		var number SumRequest
		if err := stream.Recv(&number); err != nil {
			return err
		}
		sum += number.N
		if number.Last {
			return stream.Send(&SumReply{Sum: sum})
		}
	}
}

// Tells the runner how a handler has ended.
func ended(endpoint string, err error) {
	how := ""
	if err != nil {
		how = err.Error()
	}
	tell(map[string]string{"event": "ended", "endpoint": endpoint, "how": how})
}
