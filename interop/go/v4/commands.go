package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"go-micro.dev/v4"
	"go-micro.dev/v4/client"
	"go-micro.dev/v4/codec/bytes"
	"go-micro.dev/v4/errors"
	"go-micro.dev/v4/metadata"
	"go-micro.dev/v4/selector"
)

type peer struct {
	service micro.Service
	watches sync.Map
	load    *load
}

// What commands can be told, as in src/peer-command.ts.
type arguments struct {
	Service   string            `json:"service"`
	Endpoint  string            `json:"endpoint"`
	Body      json.RawMessage   `json:"body"`
	Metadata  map[string]string `json:"metadata"`
	Version   string            `json:"version"`
	TimeoutMs int               `json:"timeoutMs"`
	Times     int               `json:"times"`
	Parallel  int               `json:"parallel"`
	Size      int               `json:"size"`
	LeaveAt   int               `json:"leaveAt"`
	Texts     []string          `json:"texts"`
	Topic     string            `json:"topic"`
}

type failure struct {
	Text   string `json:"text"`
	ID     string `json:"id"`
	Code   int32  `json:"code"`
	Detail string `json:"detail"`
}

func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	parsed := errors.Parse(err.Error())
	return &failure{Text: err.Error(), ID: parsed.Id, Code: parsed.Code, Detail: parsed.Detail}
}

func (p *peer) run(c command) (interface{}, error) {
	switch c.Do {
	case "call":
		return p.call(c.arguments)
	case "empty":
		return p.empty(c.arguments)
	case "echo":
		return p.echo(c.arguments)
	case "greet":
		return p.greet(c.arguments)
	case "load":
		return p.startLoad(c.arguments)
	case "endLoad":
		return p.load.end()
	case "count":
		return p.count(c.arguments)
	case "chat":
		return p.chat(c.arguments)
	case "sum":
		return p.sum(c.arguments)
	case "mirror":
		return p.mirror(c.arguments)
	case "mirrorEach":
		return p.mirrorEach(c.arguments)
	case "lookup":
		return p.service.Options().Registry.GetService(c.Service)
	case "list":
		return p.list()
	case "watch":
		return p.watch(c.Service)
	case "publish":
		return p.publish(c.arguments)
	}
	return nil, fmt.Errorf("no such command: %s", c.Do)
}

func (a arguments) context() (context.Context, context.CancelFunc) {
	ctx := context.Background()
	if len(a.Metadata) > 0 {
		ctx = metadata.NewContext(ctx, a.Metadata)
	}
	if a.TimeoutMs == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, a.timeout())
}

func (a arguments) timeout() time.Duration { return time.Duration(a.TimeoutMs) * time.Millisecond }

func (a arguments) options() []client.CallOption {
	options := []client.CallOption{}
	if a.TimeoutMs > 0 {
		options = append(options, client.WithRequestTimeout(a.timeout()), withConnectionTimeout(a.timeout()))
	}
	if a.Version != "" {
		options = append(options, client.WithSelectOption(selector.WithFilter(selector.FilterVersion(a.Version))))
	}
	return options
}

// go-micro sends this one as the header Timeout (since v4.10), and has no function for one call's.
func withConnectionTimeout(timeout time.Duration) client.CallOption {
	return func(o *client.CallOptions) { o.ConnectionTimeout = timeout }
}

// The content type of requests and events.
var contentType = os.Getenv("PEER_CONTENT_TYPE")

func (p *peer) request(service, endpoint string, body interface{}) client.Request {
	return p.service.Client().NewRequest(service, endpoint, body, client.WithContentType(contentType))
}

// One call, with any JSON as its request.
func (p *peer) call(a arguments) (json.RawMessage, error) {
	ctx, cancel := a.context()
	defer cancel()
	var reply json.RawMessage
	request := p.request(a.Service, a.Endpoint, a.Body)
	err := p.service.Client().Call(ctx, request, &reply, a.options()...)
	return reply, err
}

// A call whose request has no byte at all.
func (p *peer) empty(a arguments) (json.RawMessage, error) {
	ctx, cancel := a.context()
	defer cancel()
	var reply json.RawMessage
	request := p.request(a.Service, a.Endpoint, &bytes.Frame{Data: []byte{}})
	err := p.service.Client().Call(ctx, request, &reply, a.options()...)
	return reply, err
}

type text struct {
	Text string `json:"text"`
}

// A text of `size` bytes there and back. Says whether it came back as it was.
func (p *peer) echo(a arguments) (interface{}, error) {
	ctx, cancel := a.context()
	defer cancel()
	sent, back := text{strings.Repeat("x", a.Size)}, text{}
	request := p.request(a.Service, "Echo.Text", &sent)
	err := p.service.Client().Call(ctx, request, &back, a.options()...)
	return map[string]bool{"same": back == sent}, err
}
