// SPDX-License-Identifier: Apache-2.0

// Command work does what MCP servers in Go do. It exits 0 when all worked.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func must(err error) {
	if err != nil {
		_, file, line, _ := runtime.Caller(1)
		fmt.Fprintf(os.Stderr, "%s:%d: %v\n", filepath.Base(file), line, err)
		os.Exit(1)
	}
}

func children() {
	cat := exec.Command("cat")
	cat.Stdin = bytes.NewReader([]byte("through"))
	out, err := cat.Output()
	must(err)
	if string(out) != "through" {
		must(fmt.Errorf("cat said %q", out))
	}
	if err := exec.Command("sh", "-c", "exit 7").Run(); err == nil {
		must(fmt.Errorf("exit 7 was none"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := exec.CommandContext(ctx, "sleep", "100").Run(); err == nil {
		must(fmt.Errorf("a killed child ended well"))
	}
}

func main() {
	var wait sync.WaitGroup
	for i := 0; i < 500; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			sum := sha256.Sum256(make([]byte, 10000))
			_ = sum
			runtime.Gosched()
		}()
	}
	wait.Wait()
	children()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	<-signals
	dir, err := os.MkdirTemp("", "work")
	must(err)
	defer os.RemoveAll(dir)
	must(os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600))
	must(os.Rename(filepath.Join(dir, "file"), filepath.Join(dir, "moved")))
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(err)
	go func() {
		conn, err := listener.Accept()
		must(err)
		conn.Close()
	}()
	conn, err := net.Dial("unix", filepath.Join(dir, "socket"))
	must(err)
	conn.Close()
	a, b := net.Pipe()
	go a.Close()
	b.Close()
	runtime.GC()
	time.Sleep(time.Millisecond)
	fmt.Fprintln(os.Stderr, "worked")
}
