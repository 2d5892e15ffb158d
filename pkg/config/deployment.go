package config

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// Deployment is `deployment:` of guardrail.yaml: what is built around the functions. No
// judgement reads it, so it is outside of [rules.Configuration.Hash].
type Deployment struct {
	// HomeRegion is the Region with the functions, the archive and the topic. "" is whichever Region the
	// credentials of a deployment point to, and then no other Region is guarded.
	HomeRegion string
	// Regions are the Regions whose keys are guarded, HomeRegion included, in alphabetical order. It is empty
	// where HomeRegion is.
	Regions []string
	Notify  DeploymentNotify
	Sweep   DeploymentSweep
	Archive DeploymentArchive
	// Concurrency is how many batches of events are judged at once.
	Concurrency int
}

// DeploymentNotify says who is asked to subscribe to the topic of findings.
type DeploymentNotify struct{ Mail []string }

// DeploymentSweep says when keys are swept.
type DeploymentSweep struct {
	// Every is the time between two sweeps, in whole hours.
	Every time.Duration
}

// DeploymentArchive says how the archive keeps its objects.
type DeploymentArchive struct {
	// Bucket is the name of a bucket that exists; "" for one that the stack makes.
	Bucket string
	// Owner is the account of Bucket; "" for the account of the deployment.
	Owner string
	// RetentionDays is how long no version of an object can be deleted.
	RetentionDays int
	ObjectLock    ObjectLock
	// Writers are the ARNs of further roles that may write. The roles of the functions always
	// may.
	Writers []string
	// Deployers are the ARNs of the roles that may change the bucket's policy, lifecycle and lock and
	// delete versions, with ${Partition}, ${AccountId} and * for any characters.
	Deployers []string
}

// ObjectLock says who can delete a version before its retention ends.
type ObjectLock string

// The ways of S3 Object Lock.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-retention-modes
const (
	// Governance lets a principal with s3:BypassGovernanceRetention delete a version.
	Governance ObjectLock = "governance"
	// Compliance lets nobody delete a version, the account's root user included.
	Compliance ObjectLock = "compliance"
	// LockOff sets no retention; versions can be deleted by who has s3:DeleteObjectVersion.
	LockOff ObjectLock = "off"
)

// KeepsFor tells whether the archive keeps its objects for a time at least. A retention of more
// than a year counts as one of a year.
func (a DeploymentArchive) KeepsFor(window time.Duration) bool {
	const year = 366
	return time.Duration(min(a.RetentionDays, year))*24*time.Hour >= window
}

// MaxRetentionDays is S3's limit of a default retention.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
const MaxRetentionDays = 36500

// The concurrency that Lambda takes for a queue.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
const (
	leastConcurrency = 2
	mostConcurrency  = 1000
)

// DefaultDeployment is what counts where the file says nothing of its deployment. The
// concurrency stays below what KMS takes: PutKeyPolicy has 15 requests a second.
// https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
func DefaultDeployment() Deployment {
	return Deployment{
		Regions:     []string{},
		Notify:      DeploymentNotify{Mail: []string{}},
		Sweep:       DeploymentSweep{Every: 24 * time.Hour},
		Archive:     DeploymentArchive{RetentionDays: 90, ObjectLock: Governance, Writers: []string{}, Deployers: []string{BootstrapRole}},
		Concurrency: 5,
	}
}

// bucketFormat is a name of a general purpose bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketFormat = format{
	words: "the name of a bucket", pattern: regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`), example: "kms-archive-111122223333",
}

var mailFormat = format{
	words: "an address", pattern: regexp.MustCompile(`^[^@\s,;<>"]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$`), example: "security@example.com",
}

// roleFormat is a role without wildcards: an archive that many can write to proves nothing.
var roleFormat = format{
	words: "the ARN of a role", pattern: regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$`), example: "arn:aws:iam::111122223333:role/KeyOperator",
}

// BootstrapRole is the role by which CloudFormation deploys what `cdk deploy` hands it, of any
// qualifier and Region.
// https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
const BootstrapRole = "arn:${Partition}:iam::${AccountId}:role/cdk-*-cfn-exec-role-*"

// deployerFormat is a role or a pattern of roles.
var deployerFormat = format{
	words: "the ARN of a role", pattern: regexp.MustCompile(`^arn:(aws[a-z-]*|\$\{Partition\}):iam::([0-9]{12}|\$\{AccountId\}):role/[A-Za-z0-9+=,.@_/*-]+$`), example: "arn:aws:iam::111122223333:role/Pipeline-*",
}

// deployment is the table of the keys of `deployment:`.
func deployment(d *Deployment) value {
	return object([]field{
		{key: "homeRegion", doc: "The Region with the functions, the archive and the topic. Left out, it is the Region that the credentials of `cdk deploy` point to, and only that Region is guarded.", value: region(&d.HomeRegion)},
		{key: "regions", doc: "The Regions whose keys are guarded, `homeRegion` among them. Each further Region has a stack that forwards its events to the home Region. Left out, it is the home Region alone.", value: list(&d.Regions, region)},
		{key: "notify", doc: "Who is told.", value: object([]field{
			{key: "mail", doc: "Addresses that are asked to subscribe to the topic of findings.", value: list(&d.Notify.Mail, formatted(mailFormat))},
		}, nil)},
		{key: "sweep", doc: "When keys are swept.", value: object([]field{
			{key: "every", doc: "The time between two sweeps, in whole hours.", value: hours(&d.Sweep.Every)},
		}, nil)},
		{key: "archive", doc: "How the archive of replaced policies keeps its objects.", value: object([]field{
			{key: "bucket", doc: "A bucket that exists, in the home Region. Whoever owns it sets its policy, versioning and Object Lock: the other keys of `archive` are for the bucket that the stack makes.", value: text(&d.Archive.Bucket, bucketFormat)},
			{key: "owner", doc: "The account that owns `bucket`, if it is not the account of the deployment. A bucket of any other account is refused.", value: text(&d.Archive.Owner, accountFormat)},
			{key: "retentionDays", doc: "How many days no version of an object can be deleted. It is no shorter than `repair.budget.window`.", value: whole(&d.Archive.RetentionDays, MaxRetentionDays)},
			{key: "objectLock", doc: "Who can delete a version before: with `governance`, whoever has s3:BypassGovernanceRetention; with `compliance`, nobody; with `off`, whoever has s3:DeleteObjectVersion.", value: enum(&d.Archive.ObjectLock, "way to lock", Governance, Compliance, LockOff)},
			{key: "writers", doc: "ARNs of roles that may write to the archive beside the functions: who runs `kmsguard restore` or `apply`. The bucket policy denies everybody else.", value: list(&d.Archive.Writers, formatted(roleFormat))},
			{key: "deployers", doc: "ARNs of the roles by which CloudFormation deploys, `*` for any characters: they alone may change the archive's policy, lifecycle and lock or delete a version. The default is the execution role of the CDK's bootstrap.", value: list(&d.Archive.Deployers, formatted(deployerFormat))},
		}, nil)},
		{key: "concurrency", doc: "How many batches of events are judged at once, from 2.", value: wholeFrom(&d.Concurrency, leastConcurrency, mostConcurrency)},
	}, nil)
}

// region is a Region of AWS KMS.
func region(p *string) value {
	v := text(p, regionFormat)
	read := v.read
	v.read = func(r *reader, n *yaml.Node) {
		before := len(r.list)
		read(r, n)
		if len(r.list) > before || catalog.PartitionOf(*p) != "" {
			return
		}
		hint := ""
		if near := spelling.Nearest(n.Value, slices.Collect(catalog.Regions(""))); near != "" {
			hint = "; did you mean " + quoted(near) + "?"
		}
		r.fail(n, "AWS KMS has no Region %s%s", quoted(n.Value), hint)
	}
	return v
}

// hours is a duration of whole hours, as a schedule of EventBridge takes it.
func hours(p *time.Duration) value {
	v := duration(p)
	read := v.read
	v.read = func(r *reader, n *yaml.Node) {
		before := len(r.list)
		read(r, n)
		if len(r.list) == before && *p%time.Hour != 0 {
			r.fail(n, "%s is not whole hours, such as 24h", quoted(n.Value))
		}
	}
	return v
}

// checkDeployment refuses an archive that may lose what a repair's budget still counts, and Regions that one
// home cannot guard. It puts the Regions in order.
func (r *reader) checkDeployment(root *yaml.Node, c *rules.Configuration, d *Deployment) {
	if window := c.Repair.Budget.Window; !d.Archive.KeepsFor(window) {
		days := int((window + 24*time.Hour - 1) / (24 * time.Hour))
		place := []string{"deployment", "archive", "retentionDays"}
		r.fail(locate(root, place), "`retentionDays` is %d, and `repair.budget.window` is longer; write at least %d", d.Archive.RetentionDays, days)
	}
	if d.Archive.Owner != "" && d.Archive.Bucket == "" {
		r.fail(locate(root, []string{"deployment", "archive", "owner"}), "`owner` needs `bucket`: the stack makes its own bucket in the account of the deployment")
	}
	at := func(i int) *yaml.Node { return locate(root, []string{"deployment", "regions", strconv.Itoa(i)}) }
	for i, region := range d.Regions {
		switch home := catalog.PartitionOf(d.HomeRegion); {
		case slices.Contains(d.Regions[:i], region):
			r.fail(at(i), "`regions` has %s twice; write it once", quoted(region))
		case home != "" && catalog.PartitionOf(region) != home:
			r.fail(at(i), "%s is in partition %s, and `homeRegion` is in %s; events do not cross partitions: deploy the other partition with a file of its own",
				quoted(region), catalog.PartitionOf(region), home)
		}
	}
	switch partition := catalog.PartitionOf(d.HomeRegion); {
	case len(d.Regions) > 1 && (partition == "aws-cn" || partition == "aws-us-gov"):
		// https://aws.amazon.com/blogs/compute/expanding-cross-region-event-routing-with-amazon-eventbridge/
		r.fail(locate(root, []string{"deployment", "regions"}), "EventBridge forwards no events between the Regions of %s; name one Region, and deploy each other Region with a file of its own", partition)
	case d.HomeRegion == "" && len(d.Regions) > 0:
		r.fail(at(0), "`regions` needs `homeRegion`: the Region with the functions and the archive")
	case d.HomeRegion != "" && len(d.Regions) == 0:
		d.Regions = []string{d.HomeRegion}
	case d.HomeRegion != "" && !slices.Contains(d.Regions, d.HomeRegion):
		r.fail(locate(root, []string{"deployment", "homeRegion"}), "`regions` lacks the home Region %s; add it", quoted(d.HomeRegion))
	}
	slices.Sort(d.Regions)
}
