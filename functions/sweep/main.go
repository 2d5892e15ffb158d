// Command sweep is the Lambda function that puts every key of an account and Region
// before the guardrail, by a schedule. Package app is its manual: input, output and settings.
package main

import "github.com/kms-guardrail/kms-guardrail/pkg/app"

func main() { app.Main(app.NewSweep) }
