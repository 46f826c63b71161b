//go:build grpc

package main

// In a program of their own: since v5.7 these take the place of grpc-go's codec, and etcd's client then fails.
import (
	"crypto/tls"

	client "github.com/go-micro/plugins/v4/client/grpc"
	server "github.com/go-micro/plugins/v4/server/grpc"
	"go-micro.dev/v4"
)

func init() {
	useTLS = func(service micro.Service, config *tls.Config) {
		check(service.Client().Init(client.AuthTLS(config)))
		check(service.Server().Init(server.AuthTLS(config)))
	}
}
