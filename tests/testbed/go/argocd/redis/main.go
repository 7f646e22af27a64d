// Redis for Argo CD, which keeps nothing in it but what it can make again: miniredis, which Argo CD's
// own tests use too, with a clock. `redis 127.0.0.1:PORT`.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// By itself miniredis lets no time pass, and what Argo CD caches would never become stale.
const tick = 100 * time.Millisecond

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: redis ADDRESS")
		os.Exit(2)
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	last := time.Now()
	for now := range time.Tick(tick) {
		server.FastForward(now.Sub(last))
		last = now
	}
}
