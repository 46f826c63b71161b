// Clients of tests, of Go's standard library alone. Each prints one line of JSON.
package main

import (
	"encoding/json"
	"os"
	"strconv"
)

func main() {
	result := map[string]any{}
	switch os.Args[1] {
	case "http":
		workers, _ := strconv.Atoi(os.Args[3])
		result = callUntilRefused(os.Args[2], workers)
	case "gob":
		result = callOverGob(os.Args[2])
	}
	json.NewEncoder(os.Stdout).Encode(result)
}
