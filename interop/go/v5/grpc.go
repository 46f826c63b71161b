//go:build grpc

package main

// In a program of their own: they take the place of grpc-go's codec, and etcd's client then fails.
import (
	"crypto/tls"

	"go-micro.dev/v5"
	client "go-micro.dev/v5/client/grpc"
	server "go-micro.dev/v5/server/grpc"
)

func init() {
	useTLS = func(service micro.Service, config *tls.Config) {
		check(service.Client().Init(client.AuthTLS(config)))
		check(service.Server().Init(server.AuthTLS(config)))
	}
}
