package main

import (
	"context"
	"encoding/json"
	"io"

	"go-micro.dev/v4/client"
)

// How a stream went, as its client saw it.
type streamed struct {
	Items []json.RawMessage `json:"items"`
	End   *failure          `json:"end"`
}

// Opens a stream as generated code does: the first message means nothing, the request follows.
func (p *peer) open(ctx context.Context, a arguments, endpoint string) (client.Stream, error) {
	request := p.request(a.Service, endpoint, &Nothing{})
	return p.service.Client().Stream(ctx, request, a.options()...)
}

// A server stream. `leaveAt`: leaves after so many items.
func (p *peer) count(a arguments) (interface{}, error) {
	ctx, cancel := a.context()
	defer cancel()
	stream, err := p.open(ctx, a, "Echo.Count")
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if err := stream.Send(a.Body); err != nil {
		return nil, err
	}
	seen := streamed{Items: []json.RawMessage{}}
	for a.LeaveAt == 0 || len(seen.Items) < a.LeaveAt {
		var item json.RawMessage
		if err := stream.Recv(&item); err != nil {
			return seen.ending(err), nil
		}
		seen.Items = append(seen.Items, item)
	}
	return seen, nil
}

// A two-way stream: one text, one answer. `leaveAt`: leaves after so many texts.
func (p *peer) chat(a arguments) (interface{}, error) {
	ctx, cancel := a.context()
	defer cancel()
	stream, err := p.open(ctx, a, "Echo.Chat")
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	seen := streamed{Items: []json.RawMessage{}}
	for _, said := range a.Texts {
		if err := stream.Send(&text{said}); err != nil {
			return seen.ending(err), nil
		}
		var item json.RawMessage
		if err := stream.Recv(&item); err != nil {
			return seen.ending(err), nil
		}
		seen.Items = append(seen.Items, item)
	}
	// With mucp Close is the one end that a client has; gRPC knows the end of a side.
	if stream.CloseSend() == nil {
		return seen.ending(stream.Recv(&json.RawMessage{})), nil
	}
	return seen, nil
}

// A client stream of the numbers 1 to `times`.
func (p *peer) sum(a arguments) (interface{}, error) {
	ctx, cancel := a.context()
	defer cancel()
	stream, err := p.open(ctx, a, "Echo.Sum")
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for n := 1; n <= a.Times; n++ {
		if err := stream.Send(&SumRequest{N: n, Last: n == a.Times}); err != nil {
			return nil, err
		}
	}
	var reply json.RawMessage
	err = stream.Recv(&reply)
	return reply, err
}

func (s streamed) ending(err error) streamed {
	if err != io.EOF {
		s.End = failureOf(err)
	}
	return s
}
