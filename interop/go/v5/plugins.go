package main

// Since v5.7 most plugins are part of the module and known by name. These are not.
import (
	_ "go-micro.dev/v5/transport/grpc"
)
