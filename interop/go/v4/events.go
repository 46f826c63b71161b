package main

import (
	"context"
	"strings"

	"go-micro.dev/v4/client"
	"go-micro.dev/v4/metadata"
)

// Publishes the numbers 1 to `times` on a topic. Says how many could not be sent.
func (p *peer) publish(a arguments) (interface{}, error) {
	ctx, cancel := a.context()
	defer cancel()
	c, failures := p.service.Client(), map[string]int{}
	for n := 1; n <= a.Times; n++ {
		event := c.NewMessage(a.Topic, &Number{N: n, Text: "größe"}, client.WithMessageContentType(contentType))
		if err := c.Publish(ctx, event); err != nil {
			failures[err.Error()]++
		}
	}
	return map[string]interface{}{"failures": failures}, nil
}

type message struct {
	Event   string            `json:"event"`
	Topic   string            `json:"topic"`
	Queue   string            `json:"queue"`
	N       int               `json:"n"`
	Text    string            `json:"text"`
	Headers map[string]string `json:"headers"`
}

// A subscriber that tells of every event.
func receive(topic, queue string) func(context.Context, *Number) error {
	return func(ctx context.Context, event *Number) error {
		headers, lower := metadata.Metadata{}, map[string]string{}
		headers, _ = metadata.FromContext(ctx)
		for key, value := range headers {
			lower[strings.ToLower(key)] = value
		}
		tell(message{"message", topic, queue, event.N, event.Text, lower})
		return nil
	}
}
