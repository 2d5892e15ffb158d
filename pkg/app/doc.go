// Package app wires the Lambda functions: it is the only package that knows the
// environment and all adapters.
//
// [NewEnforce] reads the settings and returns the handler of functions/enforce.
// [Handler] takes what Lambda gives it: an SQS batch, whose answer is a partial
// batch response; one bare EventBridge event, whose answer is the outcome; or the event
// of the flush's schedule, {"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}.
//
// # Settings
//
//	GUARDRAIL_CONFIG       the configuration; default: guardrail.yaml beside the binary,
//	                       and without that file the default configuration
//	GUARDRAIL_MODE_MAX     report lowers every rule to report: the kill switch
//	ARCHIVE_BUCKET         the bucket of the archive, required where a rule repairs
//	GUARDRAIL_ACCOUNT      the only account whose keys are handled; none: any
//	GUARDRAIL_ROLE_ARN     the function's own role, for KMS's lockout check
//	GUARDRAIL_CONCURRENCY  how many instances of the function may run at once (1)
//	ORGANIZATION_ID        of the account, for ${OrganizationId}
//	ORGANIZATIONAL_UNITS   comma-separated ids of the units above the account
//
// A setting that cannot be read is an error at the start, not at the first event, and
// so is a configuration with anything wrong in it: file, line and reason.
package app
