// Command enforce is the Lambda function that judges the key of each event and
// repairs or reports it. Package app is its manual: input, output and settings.
package main

import "github.com/kms-guardrail/kms-guardrail/pkg/app"

func main() { app.Main(app.NewEnforce) }
