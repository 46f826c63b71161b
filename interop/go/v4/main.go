// A go-micro service for the interop runs: it serves, calls, publishes and watches as lines of JSON on its input say,
// and answers by lines on its output. What it is made of (registry, transport, broker, addresses, version) is told by
// go-micro's own environment variables. It ends with its input, so nothing outlives the runner.
//
// The same files are built for v5, with the import paths changed (../../src/go-build.ts).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"go-micro.dev/v4"
	"go-micro.dev/v4/server"
)

// One line of input. What each command takes is told beside its function.
type command struct {
	N  int    `json:"n"`
	Do string `json:"do"`
	arguments
}

type answer struct {
	N      int         `json:"n"`
	Result interface{} `json:"result,omitempty"`
	Error  *failure    `json:"error,omitempty"`
}

var me = os.Getenv("PEER_NAME")

func main() {
	service := micro.NewService(micro.AfterStart(func() error {
		tell(map[string]interface{}{"event": "ready"})
		return nil
	}))
	service.Init()
	secure(service)
	check(micro.RegisterHandler(service.Server(), new(Greeter)))
	check(micro.RegisterHandler(service.Server(), new(Echo)))
	check(micro.RegisterHandler(service.Server(), new(Mirror)))
	for _, subscription := range strings.FieldsFunc(os.Getenv("PEER_SUBSCRIBE"), isComma) {
		topic, queue, _ := strings.Cut(subscription, "=")
		check(subscribe(service.Server(), topic, queue))
	}
	go obey(&peer{service: service})
	check(service.Run())
}

func subscribe(to server.Server, topic, queue string) error {
	options := []server.SubscriberOption{}
	if queue != "" {
		options = append(options, server.SubscriberQueue(queue))
	}
	return micro.RegisterSubscriber(topic, to, receive(topic, queue), options...)
}

// Runs the commands, each by itself: some take long.
func obey(p *peer) {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			os.Exit(0)
		}
		var c command
		if err := json.Unmarshal(line, &c); err != nil {
			check(fmt.Errorf("no command: %s: %w", line, err))
		}
		go func() {
			result, err := p.run(c)
			tell(answer{N: c.N, Result: result, Error: failureOf(err)})
		}()
	}
}

var output sync.Mutex

func tell(what interface{}) {
	line, err := json.Marshal(what)
	check(err)
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, me, err)
		os.Exit(1)
	}
}

func isComma(r rune) bool { return r == ',' }
