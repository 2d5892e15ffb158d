package rules

// Severity says how bad a finding is.
type Severity string

// The severities, worst first.
const (
	Critical   Severity = "critical"
	High       Severity = "high"
	Medium     Severity = "medium"
	Low        Severity = "low"
	Info       Severity = "info"
	NoSeverity Severity = "none"
)

// AtLeast tells whether a severity is as bad as another, or worse.
func (s Severity) AtLeast(other Severity) bool { return s.Compare(other) >= 0 }

// Compare is negative if a severity is less bad than another, 0 if they are the same, and
// positive if it is worse.
func (s Severity) Compare(other Severity) int { return s.rank() - other.rank() }

// Severities returns all severities of findings, worst first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// rank orders severities; a higher one is worse.
func (s Severity) rank() int {
	switch s {
	case Critical:
		return 5
	case High:
		return 4
	case Medium:
		return 3
	case Low:
		return 2
	case Info:
		return 1
	default:
		return 0
	}
}
