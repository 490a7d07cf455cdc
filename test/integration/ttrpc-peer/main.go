// The ttrpc of containerd, as a client and as a server, for the tests of the shim's own; and what containerd's messages
// look like.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	_ "github.com/containerd/cgroups/v3/cgroup1/stats"
	_ "github.com/containerd/cgroups/v3/cgroup2/stats"
	_ "github.com/containerd/containerd/api/events"
	_ "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	_ "github.com/containerd/containerd/api/runtime/task/v2"
	_ "github.com/containerd/containerd/api/runtime/task/v3"
	_ "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	_ "github.com/containerd/containerd/api/types/runc/options"
	_ "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	service = "test.Service"
	// What a request of `max` bytes has around its payload: field numbers, lengths, names, a timeout.
	overhead = 128
	max      = 4 << 20
)

func main() {
	if len(os.Args) < 2 {
		fail(errors.New("say client, server or describe"))
	}
	switch os.Args[1] {
	case "client":
		runClient(os.Args[2])
	case "server":
		runServer(os.Args[2])
	case "describe":
		describe()
	default:
		fail(fmt.Errorf("no such command: %s", os.Args[1]))
	}
}

// outcome is how a call of the client ended.
type outcome struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Bytes   int    `json:"bytes"`
	Ms      int64  `json:"ms"`
}

func runClient(socket string) {
	connection, err := net.Dial("unix", socket)
	if err != nil {
		fail(err)
	}
	client := ttrpc.NewClient(connection)
	outcomes := map[string]outcome{
		"echo":     call(client, "Echo", 3, time.Minute),
		"empty":    call(client, "Echo", 0, time.Minute),
		"large":    call(client, "Echo", max-overhead, time.Minute),
		"tooLarge": call(client, "Echo", max+1, time.Minute),
		"bigReply": call(client, "Big", 0, time.Minute),
		"error":    call(client, "Fail", 0, time.Minute),
		"unknown":  call(client, "Unknown", 0, time.Minute),
		"deadline": call(client, "Hang", 0, 100*time.Millisecond),
		"many":     callMany(client),
		"canceled": cancel(client),
		"stream":   stream(client),
		"after":    call(client, "Echo", 5, time.Minute),
	}
	if err := json.NewEncoder(os.Stdout).Encode(outcomes); err != nil {
		fail(err)
	}
}

func call(client *ttrpc.Client, method string, size int, timeout time.Duration) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return callWith(ctx, client, method, make([]byte, size))
}

func callWith(ctx context.Context, client *ttrpc.Client, method string, payload []byte) outcome {
	var reply wrapperspb.BytesValue
	begun := time.Now()
	err := client.Call(ctx, service, method, wrapperspb.Bytes(payload), &reply)
	return outcomeOf(err, len(reply.GetValue()), begun)
}

func outcomeOf(err error, bytes int, begun time.Time) outcome {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = status.FromContextError(err).Err() // The client's own, which has no code.
	}
	message := ""
	if err != nil {
		message = status.Convert(err).Message()
	}
	return outcome{status.Code(err).String(), message, bytes, time.Since(begun).Milliseconds()}
}

// callMany makes 200 calls at once that end in another order; any answer that belongs to another call is an error.
func callMany(client *ttrpc.Client) outcome {
	begun := time.Now()
	var group sync.WaitGroup
	wrong := make(chan error, 200)
	for index := range 200 {
		group.Go(func() {
			want := fmt.Sprintf("call %d", index)
			var reply wrapperspb.BytesValue
			err := client.Call(context.Background(), service, "Delayed", wrapperspb.Bytes([]byte(want)), &reply)
			if err == nil && string(reply.GetValue()) != want {
				err = fmt.Errorf("%q instead of %q", reply.GetValue(), want)
			}
			if err != nil {
				wrong <- err
			}
		})
	}
	group.Wait()
	close(wrong)
	return outcomeOf(<-wrong, 0, begun)
}

func cancel(client *ttrpc.Client) outcome {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	return callWith(ctx, client, "Hang", nil)
}

func stream(client *ttrpc.Client) outcome {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	desc := &ttrpc.StreamDesc{StreamingClient: true, StreamingServer: true}
	opened, err := client.NewStream(ctx, desc, service, "Echo", nil)
	if err != nil {
		return outcomeOf(err, 0, begun)
	}
	// May fail or not, as the refusal comes before or after it.
	_ = opened.SendMsg(wrapperspb.Bytes([]byte("more")))
	var reply wrapperspb.BytesValue
	return outcomeOf(opened.RecvMsg(&reply), len(reply.GetValue()), begun)
}

func runServer(socket string) {
	server, err := ttrpc.NewServer()
	if err != nil {
		fail(err)
	}
	server.RegisterService(service, &ttrpc.ServiceDesc{Methods: methods(), Streams: streams()})
	listener, err := net.Listen("unix", socket)
	if err != nil {
		fail(err)
	}
	fmt.Println("ready")
	fail(server.Serve(context.Background(), listener))
}

func methods() map[string]ttrpc.Method {
	return map[string]ttrpc.Method{
		"Echo": func(_ context.Context, decode func(interface{}) error) (interface{}, error) {
			var request wrapperspb.BytesValue
			err := decode(&request)
			return &request, err
		},
		// Answers with the first value of the metadata "key".
		"Metadata": func(ctx context.Context, _ func(interface{}) error) (interface{}, error) {
			value, _ := ttrpc.GetMetadataValue(ctx, "key")
			return wrapperspb.Bytes([]byte(value)), nil
		},
		"Fail": func(context.Context, func(interface{}) error) (interface{}, error) {
			return nil, status.Error(codes.FailedPrecondition, "not now")
		},
		"Hang": func(ctx context.Context, _ func(interface{}) error) (interface{}, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"Big": func(context.Context, func(interface{}) error) (interface{}, error) {
			return wrapperspb.Bytes(make([]byte, max+1)), nil
		},
	}
}

func streams() map[string]ttrpc.Stream {
	return map[string]ttrpc.Stream{
		"Stream": {
			StreamingServer: true,
			Handler: func(_ context.Context, server ttrpc.StreamServer) (interface{}, error) {
				return nil, server.SendMsg(wrapperspb.Bytes([]byte("part")))
			},
		},
	}
}

// field is what the shim's tables say of one.
type field struct {
	Number int32  `json:"number"`
	Label  string `json:"label"`
	Type   string `json:"type"`
}

// describe prints the fields of all messages that are linked in, by full name.
func describe() {
	messages := map[string]map[string]field{}
	protoregistry.GlobalTypes.RangeMessages(func(message protoreflect.MessageType) bool {
		descriptor := message.Descriptor()
		fields := map[string]field{}
		for index := range descriptor.Fields().Len() {
			one := descriptor.Fields().Get(index)
			fields[one.JSONName()] = field{int32(one.Number()), labelOf(one), typeOf(one)}
		}
		messages[string(descriptor.FullName())] = fields
		return true
	})
	if err := json.NewEncoder(os.Stdout).Encode(messages); err != nil {
		fail(err)
	}
}

func labelOf(one protoreflect.FieldDescriptor) string {
	switch {
	case one.IsMap():
		return "map"
	case one.IsList():
		return "many"
	case one.HasOptionalKeyword():
		return "optional"
	default:
		return "one"
	}
}

func typeOf(one protoreflect.FieldDescriptor) string {
	switch {
	case one.IsMap():
		return one.MapValue().Kind().String()
	case one.Kind() == protoreflect.MessageKind:
		return string(one.Message().FullName())
	default:
		return one.Kind().String()
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
