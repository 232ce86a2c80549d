// Command pulumi-resource-kubernetes serves Pulumi's own Kubernetes provider, with its Helm and its await logic.
//
// Its schemas, which GetSchema alone returns, are empty: they are generated in its repository and in none of its modules.
package main

import "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"

// version is set by the build.
var version = "0.0.0"

func main() {
	provider.Serve("kubernetes", version, []byte("{}"), []byte("{}"))
}
