package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// callUntilRefused posts on kept connections until nobody listens any more. It counts outcomes: statuses, and errors.
func callUntilRefused(url string, workers int) map[string]any {
	counts := map[string]any{}
	var lock sync.Mutex
	count := func(what string) {
		lock.Lock()
		defer lock.Unlock()
		number, _ := counts[what].(int)
		counts[what] = number + 1
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	var all sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				// a body that cannot be read twice: the client does not send it again by itself
				request, _ := http.NewRequest("POST", url, io.NopCloser(strings.NewReader(`{"n":1}`)))
				request.ContentLength = 7
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("Micro-Endpoint", "Test.echo")
				reply, err := client.Do(request)
				var failed *net.OpError
				if errors.As(err, &failed) && failed.Op == "dial" {
					count("refused")
					return
				}
				if err != nil {
					count(err.Error())
					continue
				}
				_, err = io.Copy(io.Discard, reply.Body)
				reply.Body.Close()
				if err != nil {
					count(err.Error())
					continue
				}
				count(fmt.Sprint(reply.StatusCode))
			}
		}()
	}
	all.Wait()
	return counts
}
