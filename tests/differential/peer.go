// SPDX-License-Identifier: Apache-2.0

// A peer in Go: encoding/json, into the structs that a server uses, which fold the case of
// names. What the structs hold must be what the map holds, or another call would run.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
)

type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

type params struct {
	Name      any `json:"name"`
	Arguments any `json:"arguments"`
	URI       any `json:"uri"`
}

func text(s string) string { return "\"" + hex.EncodeToString([]byte(s)) }

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "n"
	case bool:
		if v {
			return "t"
		}
		return "f"
	case json.Number:
		f, _ := strconv.ParseFloat(string(v), 64)
		return fmt.Sprintf("#%016x", math.Float64bits(f))
	case string:
		return text(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = show(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		sort.Strings(names)
		for i, k := range names {
			names[i] = text(k) + ":" + show(v[k])
		}
		return "{" + strings.Join(names, ",") + "}"
	}
	panic("unknown type")
}

func decode(data string, into any) {
	d := json.NewDecoder(strings.NewReader(data))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %.200s\n", err, data)
		os.Exit(1)
	}
}

func same(what string, a, b any) {
	if show(a) != show(b) {
		fmt.Fprintf(os.Stderr, "%s by struct is %s, by map %s\n", what, show(a), show(b))
		os.Exit(1)
	}
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		var m message
		var all map[string]any
		decode(line, &m)
		decode(line, &all)
		same("method", m.Method, all["method"])
		if all["params"] != nil {
			var p params
			decode(string(m.Params), &p)
			held := all["params"].(map[string]any)
			same("name", p.Name, held["name"])
			same("arguments", p.Arguments, held["arguments"])
			same("uri", p.URI, held["uri"])
		}
		fmt.Fprintln(out, show(all))
	}
}
