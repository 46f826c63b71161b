package main

import (
	"context"
	"io"

	"go-micro.dev/v4/errors"
	"go-micro.dev/v4/server"
	"google.golang.org/protobuf/proto"
)

// Serves messages of messages.proto, in whichever content type a request comes.
type Mirror struct{}

func (*Mirror) Once(_ context.Context, request *Sample, reply *Sample) error {
	if request.DisplayName == "fail" {
		return errors.NotFound("mirror", "no größe")
	}
	proto.Merge(reply, request)
	return nil
}

func (*Mirror) Each(_ context.Context, stream server.Stream) error {
	for {
		sample := new(Sample)
		if err := stream.Recv(sample); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.Send(sample); err != nil {
			return err
		}
	}
}

func sample() *Sample {
	return &Sample{
		DisplayName: "größe 世界",
		BigNumber:   1<<53 - 1,
		Mood:        Mood_GLAD,
		Data:        []byte{0, 1, 254, 255},
		SomeNumbers: []int32{1, -2, 3},
		Labels:      map[string]string{"a": "b"},
		Choice:      &Sample_Text{Text: "chosen"},
	}
}

// A message there and back. Says whether it came back as it was; `texts`: with this name instead, and nothing else but
// a large number where it is `large`.
func (p *peer) mirror(a arguments) (interface{}, error) {
	ctx, cancel := a.context()
	defer cancel()
	sent, back := sample(), new(Sample)
	if len(a.Texts) > 0 {
		sent = &Sample{DisplayName: a.Texts[0]}
	}
	if sent.DisplayName == "large" {
		sent.BigNumber = 1<<53 + 1
	}
	err := p.service.Client().Call(ctx, p.request(a.Service, "Mirror.Once", sent), back, a.options()...)
	return map[string]bool{"same": proto.Equal(sent, back)}, err
}

// `times` messages there and back in a two-way stream.
func (p *peer) mirrorEach(a arguments) (interface{}, error) {
	ctx, cancel := a.context()
	defer cancel()
	stream, err := p.service.Client().Stream(ctx, p.request(a.Service, "Mirror.Each", new(Sample)), a.options()...)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	same := true
	for n := 1; n <= a.Times; n++ {
		sent, back := sample(), new(Sample)
		sent.SomeNumbers = append(sent.SomeNumbers, int32(n))
		if err := stream.Send(sent); err != nil {
			return nil, err
		}
		if err := stream.Recv(back); err != nil {
			return nil, err
		}
		same = same && proto.Equal(sent, back)
	}
	return map[string]bool{"same": same}, nil
}
