package main

import (
	"encoding/gob"
	"net"
	"strings"
	"sync"
	"time"
)

// Message is go-micro's (transport.Message of v4), the shape that its tcp transport sends with encoding/gob.
type Message struct {
	Header map[string]string
	Body   []byte
}

type peer struct {
	encoder *gob.Encoder
	decoder *gob.Decoder
	conn    net.Conn
}

func dial(address string) *peer {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &peer{gob.NewEncoder(conn), gob.NewDecoder(conn), conn}
}

// header is what a client of go-micro v4.11 sends with a request; older ones write Micro-Id.
func header(id, endpoint string, more ...string) map[string]string {
	all := map[string]string{
		"Micro-ID": id, "Micro-Service": "greeter", "Micro-Method": endpoint, "Micro-Endpoint": endpoint,
		"Content-Type": "application/json", "Accept": "application/json", "Timeout": "5000000000",
	}
	for at := 0; at+1 < len(more); at += 2 {
		all[more[at]] = more[at+1]
	}
	return all
}

func (p *peer) send(header map[string]string, body string) {
	if err := p.encoder.Encode(&Message{header, []byte(body)}); err != nil {
		panic(err)
	}
}

func (p *peer) receive() map[string]any {
	var message Message
	if err := p.decoder.Decode(&message); err != nil {
		return map[string]any{"failure": err.Error()}
	}
	return map[string]any{"header": message.Header, "body": string(message.Body)}
}

// callOverGob speaks go-micro's tcp transport to a server that has Test.Hello, Test.Fail, Test.Count, Test.Sum and Test.Chat.
func callOverGob(address string) map[string]any {
	result := map[string]any{}

	unary := dial(address)
	for _, name := range []string{"Ada", "Grace"} {
		unary.send(header(name, "Test.Hello", "Trace-Parent", "00-ü"), `{"name":"`+name+`"}`+"\n")
		result["hello "+name] = unary.receive()
	}
	unary.send(header("2", "Test.Fail"), "{}\n")
	result["fail"] = unary.receive()
	unary.send(header("3", "Test.None"), "{}\n")
	result["none"] = unary.receive()
	big := strings.Repeat("x", 3_000_000)
	unary.send(header("4", "Test.Hello"), `{"name":"`+big+`"}`+"\n")
	reply, _ := unary.receive()["body"].(string)
	result["big"] = len(reply)
	unary.conn.Close()

	// up to v4.9 several requests may be under way on a connection
	old := dial(address)
	for _, id := range []string{"0", "1", "2", "3"} {
		all := header(id, "Test.Hello", "Micro-Id", id)
		delete(all, "Micro-ID")
		old.send(all, `{"name":"`+id+`"}`+"\n")
	}
	answers := map[string]any{}
	for range 4 {
		answer := old.receive()
		id, _ := answer["header"].(map[string]string)["Micro-Id"]
		answers[id] = answer["body"]
	}
	result["at once"] = answers
	old.conn.Close()

	count := dial(address)
	count.send(header("7", "Test.Count", "Micro-Stream", "7"), "{}\n")
	count.send(header("7", "Test.Count", "Micro-Stream", "7"), `{"to":300}`+"\n")
	items := []any{}
	for {
		item := count.receive()
		if header, _ := item["header"].(map[string]string); header == nil || header["Micro-Error"] != "" {
			result["count end"] = item
			break
		}
		items = append(items, item["body"])
	}
	result["count"] = items
	count.conn.Close()

	chat := dial(address)
	chat.send(header("8", "Test.Chat", "Micro-Stream", "8"), "{}\n")
	said := []any{}
	for _, word := range []string{"one", "two", "three"} {
		chat.send(header("8", "Test.Chat", "Micro-Stream", "8"), `{"word":"`+word+`"}`+"\n")
		said = append(said, chat.receive()["body"])
	}
	chat.send(header("8", "Test.Chat", "Micro-Stream", "8", "Micro-Error", "EOS"), "")
	result["chat"] = said
	result["chat end"] = chat.receive()
	chat.conn.Close()

	// clients beside each other, each with its own type ids
	var all sync.WaitGroup
	right := make([]bool, 16)
	for index := range right {
		all.Add(1)
		go func(index int) {
			defer all.Done()
			one := dial(address)
			defer one.conn.Close()
			good := true
			for call := 0; call < 50; call++ {
				one.send(header("1", "Test.Hello"), `{"name":"x"}`+"\n")
				good = good && one.receive()["body"] == `{"msg":"Hello x"}`+"\n"
			}
			right[index] = good
		}(index)
	}
	all.Wait()
	result["beside"] = right
	return result
}
