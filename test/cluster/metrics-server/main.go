// Command metrics-server asks the kubelets what pods use, and tells the autoscalers: metrics-server as it is published.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/metrics-server/cmd/metrics-server/app"
)

func main() {
	os.Exit(cli.Run(app.NewMetricsServerCommand(genericapiserver.SetupSignalHandler())))
}
