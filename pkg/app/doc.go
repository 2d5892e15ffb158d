// Package app wires the Lambda functions: it is the only package that knows the
// environment and all adapters. [Main] is all that a function's main function calls.
//
// [NewEnforce] reads the settings and returns the handler of functions/enforce.
// [Handler] takes what Lambda gives it: an SQS batch, whose answer is a partial
// batch response; one bare EventBridge event, whose answer is the outcome; or the event
// of the flush's schedule, {"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}.
//
// [NewSweep] does the same for functions/sweep. [SweepHandler] takes the event of the
// sweep's schedule, {"source":"kms-guardrail","detail-type":"KMS Guardrail Sweep"}; the
// answer is the summary.
//
// # Settings
//
//	GUARDRAIL_CONFIG       the configuration; default: guardrail.yaml beside the binary,
//	                       and without that file the default configuration
//	GUARDRAIL_MODE_MAX     report lowers every rule to report, whatever the parameter says
//	GUARDRAIL_MODE_PARAMETER  the SSM parameter of the kill switch (package killswitch), which
//	                       is read every minute where a rule repairs; none: no such switch
//	ARCHIVE_BUCKET         the bucket of the archive, required where a rule repairs
//	ARCHIVE_BUCKET_OWNER   the account that must own the bucket; none: GUARDRAIL_ACCOUNT
//	FINDINGS_TOPIC_ARN     the SNS topic by which people are told of findings from
//	                       notify.from on, of repairs, and of the first sweep under
//	                       a configuration; none: the log only
//	GUARDRAIL_ACCOUNT      the only account whose keys are handled; none: any
//	GUARDRAIL_ROLE_ARN     the function's own role, for KMS's lockout check
//	GUARDRAIL_CONCURRENCY  how many instances of the function may run at once (1)
//	ORGANIZATION_ID        of the account, for ${OrganizationId}
//	ORGANIZATIONAL_UNITS   comma-separated ids of the units above the account
//	KEYS_QUEUE_URL         the queue of the function enforce, onto which a sweep puts keys
//
// The sweep takes the same settings, KEYS_QUEUE_URL, and needs GUARDRAIL_ACCOUNT: one
// account and Region is swept. SWEEP_QUEUE_URL, of the sweeps of an organization's
// accounts, is not read yet.
//
// A deployment lists the variables that it sets in environment.json beside the binary. The
// function does not start while one of them is missing.
//
// A setting that cannot be read is an error at the start, not at the first event, and
// so is a configuration with anything wrong in it: file, line and reason.
package app
