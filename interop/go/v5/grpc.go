//go:build grpc

package main

// In a program of their own: they take the place of grpc-go's codec, and etcd's client then fails.
import (
	_ "go-micro.dev/v5/client/grpc"
	_ "go-micro.dev/v5/server/grpc"
)
