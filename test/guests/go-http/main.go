// An HTTP handler in Go, on the canonical ABI itself: says hello, counts its calls, gives a body back. The runtime of Go
// speaks WASI's first version, which the adapter translates.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"
)

//go:wasmimport wasi:http/types@0.2.12 [constructor]fields
func newFields() uint32

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.path-with-query
func pathWithQuery(request uint32, answer *[3]uint32)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.consume
func consume(request uint32, answer *[2]uint32)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-body.stream
func bodyStream(body uint32, answer *[2]uint32)

//go:wasmimport wasi:http/types@0.2.12 [constructor]outgoing-response
func newResponse(fields uint32) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-response.body
func responseBody(response uint32, answer *[2]uint32)

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-body.write
func bodyWrite(body uint32, answer *[2]uint32)

//go:wasmimport wasi:http/types@0.2.12 [static]outgoing-body.finish
func bodyFinish(body, some, trailers uint32, answer *[10]uint32)

//go:wasmimport wasi:http/types@0.2.12 [static]response-outparam.set
func setOutparam(outparam, isError, response, c uint32, d uint64, e, f, g, h uint32)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-request
func dropRequest(request uint32)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-body
func dropBody(body uint32)

//go:wasmimport wasi:io/streams@0.2.12 [method]input-stream.blocking-read
func blockingRead(stream uint32, length uint64, answer *[3]uint32)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.blocking-write-and-flush
func blockingWrite(stream uint32, bytes *byte, length uint32, answer *[3]uint32)

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]input-stream
func dropInput(stream uint32)

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]output-stream
func dropOutput(stream uint32)

const maxWrite = 4096

var (
	calls int
	// What the host writes to. Not from Go's heap: whoever allocates there may be made to collect, which looks at the clock,
	// and no guest may call out while it allocates for the host.
	arena [1 << 13]uint64
	used  uintptr
)

// For functions that are imported, and not for the adapter, which calls before the runtime has begun.
//
//go:wasmexport cabi_import_realloc
func allocate(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	start := (used + uintptr(align) - 1) &^ (uintptr(align) - 1)
	used = start + uintptr(size)
	if used > unsafe.Sizeof(arena) {
		panic("the host gives more at once than there is room for")
	}
	return unsafe.Add(unsafe.Pointer(&arena), start)
}

func text(pointer, length uint32) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(uintptr(pointer))), length))
}

func path(request uint32) string {
	var answer [3]uint32
	pathWithQuery(request, &answer)
	if answer[0]&0xff == 0 {
		return ""
	}
	return text(answer[1], answer[2])
}

func read(request uint32) string {
	var body, stream [2]uint32
	consume(request, &body)
	bodyStream(body[1], &stream)
	var all strings.Builder
	for {
		used = 0
		var chunk [3]uint32
		blockingRead(stream[1], maxWrite, &chunk)
		if chunk[0]&0xff != 0 {
			break
		}
		all.WriteString(text(chunk[1], chunk[2]))
	}
	dropInput(stream[1])
	dropBody(body[1])
	return all.String()
}

func answer(request uint32) string {
	switch path(request) {
	case "/trap":
		panic("asked to trap")
	case "/echo":
		return read(request)
	case "/env":
		return fmt.Sprintln(os.Environ())
	case "/collect":
		kept := ""
		for range 1000 {
			kept = strings.Repeat("x", 1<<16) + kept[:min(len(kept), 1<<16)]
		}
		runtime.GC()
		return fmt.Sprintf("kept %d\n", len(kept))
	default:
		return fmt.Sprintf("hello from go, call %d\n", calls)
	}
}

//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(request, outparam uint32) {
	calls++
	bytes := []byte(answer(request))
	response := newResponse(newFields())
	var body, out [2]uint32
	responseBody(response, &body)
	setOutparam(outparam, 0, response, 0, 0, 0, 0, 0, 0)
	bodyWrite(body[1], &out)
	for len(bytes) > 0 {
		length := min(len(bytes), maxWrite)
		var written [3]uint32
		blockingWrite(out[1], &bytes[0], uint32(length), &written)
		bytes = bytes[length:]
	}
	dropOutput(out[1])
	var finished [10]uint32
	bodyFinish(body[1], 0, 0, &finished)
	dropRequest(request)
}

func main() {}
