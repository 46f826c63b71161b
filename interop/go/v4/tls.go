package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"go-micro.dev/v4"
	"go-micro.dev/v4/transport"
)

// go-micro has neither flag nor variable for TLS (util/cmd/cmd.go, v5: cmd/cmd.go): it is an option in a program.
func secure(service micro.Service) {
	folder := os.Getenv("PEER_TLS")
	if folder == "" {
		return
	}
	authority, err := os.ReadFile(folder + "/ca")
	check(err)
	pair, err := tls.LoadX509KeyPair(folder+"/cert", folder+"/key")
	check(err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		check(fmt.Errorf("%s/ca is no certificate", folder))
	}
	useTLS(service, &tls.Config{
		RootCAs:      pool,
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		Certificates: []tls.Certificate{pair},
	})
}

// With gRPC another one takes its place (grpc.go).
var useTLS = func(service micro.Service, config *tls.Config) {
	service.Init(micro.Transport(transport.NewHTTPTransport(transport.Secure(true), transport.TLSConfig(config))))
}
