//go:build grpc

package main

// In a program of their own: since v5.7 these take the place of grpc-go's codec, and etcd's client then fails.
import (
	_ "github.com/go-micro/plugins/v4/client/grpc"
	_ "github.com/go-micro/plugins/v4/server/grpc"
)
