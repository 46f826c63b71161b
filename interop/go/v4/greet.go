package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go-micro.dev/v4/client"
)

type greetings struct {
	Answered int            `json:"answered"`
	Wrong    int            `json:"wrong"`
	Failures map[string]int `json:"failures"`
	By       map[string]int `json:"by"`
	Slowest  int64          `json:"slowestMs"`
	mutex    sync.Mutex
}

func newGreetings() *greetings {
	return &greetings{Failures: map[string]int{}, By: map[string]int{}}
}

// One greeting, with a name of its own so that a reply of another call shows.
func (g *greetings) one(p *peer, service string, n int, options []client.CallOption) {
	name, reply, start := fmt.Sprintf("größe %d", n), HelloReply{}, time.Now()
	request := p.request(service, "Greeter.Hello", &HelloRequest{Name: name})
	err := p.service.Client().Call(context.Background(), request, &reply, options...)
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.Slowest = max(g.Slowest, time.Since(start).Milliseconds())
	switch {
	case err != nil:
		g.Failures[err.Error()]++
	case reply.Msg != "Hello "+name:
		g.Wrong++
	default:
		g.Answered++
		g.By[reply.From]++
	}
}

// `times` calls, `parallel` at once.
func (p *peer) greet(a arguments) (interface{}, error) {
	all, next := newGreetings(), make(chan int)
	var callers sync.WaitGroup
	for i := 0; i < a.Parallel; i++ {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for n := range next {
				all.one(p, a.Service, n, a.options())
			}
		}()
	}
	for n := 0; n < a.Times; n++ {
		next <- n
	}
	close(next)
	callers.Wait()
	return all, nil
}

type load struct {
	all     *greetings
	stop    chan struct{}
	callers sync.WaitGroup
}

// Calls until it is told to end, `parallel` at once, each a pause after the other.
func (p *peer) startLoad(a arguments) (interface{}, error) {
	p.load = &load{all: newGreetings(), stop: make(chan struct{})}
	for i := 0; i < a.Parallel; i++ {
		p.load.callers.Add(1)
		go p.load.caller(p, a, i)
	}
	return nil, nil
}

func (l *load) caller(p *peer, a arguments, n int) {
	defer l.callers.Done()
	for ; ; n += a.Parallel {
		select {
		case <-l.stop:
			return
		case <-time.After(5 * time.Millisecond):
			l.all.one(p, a.Service, n, a.options())
		}
	}
}

func (l *load) end() (interface{}, error) {
	close(l.stop)
	l.callers.Wait()
	return l.all, nil
}
