// Package app wires the Lambda functions: it is the only package that knows the
// environment and all adapters.
//
// [NewEnforce] reads the settings and returns the handler of functions/enforce.
// [Handler] takes what Lambda gives it: an SQS batch, whose answer is a partial
// batch response, or one bare EventBridge event, whose answer is the outcome.
//
// # Settings
//
// Until there is a configuration file, one generated default is the yardstick,
// given by the environment:
//
//	GUARDRAIL_MODE            report (default) or repair
//	GUARDRAIL_MODE_MAX        report lowers the mode to report: the kill switch
//	GUARDRAIL_STYLE           api (default) or console
//	GUARDRAIL_ADMINISTRATORS  comma-separated ARNs, for the console default
//	GUARDRAIL_USERS           comma-separated ARNs, for the console default
//
// A setting that cannot be read is an error at the start, not at the first event.
package app
