package localaws

import (
	"fmt"
	"sync"

	"github.com/timbray/quamina"
)

// rules are the EventBridge rules, for the default event buses of all
// accounts and Regions.
type rules struct {
	mu      sync.Mutex // held while events are delivered; taken before Cloud.mu
	matcher *quamina.Quamina
	targets []func(event []byte)
}

// maxDeliveries is how many events one Deliver may see before it suspects a
// target that answers its own events.
const maxDeliveries = 10_000

// AddRule adds an EventBridge rule: Deliver gives the events that the pattern
// matches to the target. The error says why the pattern cannot be used.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
func (c *Cloud) AddRule(pattern []byte, target func(event []byte)) error {
	c.rules.mu.Lock()
	defer c.rules.mu.Unlock()
	if c.rules.matcher == nil {
		matcher, err := quamina.New()
		if err != nil {
			return fmt.Errorf("event pattern: %w", err)
		}
		c.rules.matcher = matcher
	}
	if err := c.rules.matcher.AddPattern(len(c.rules.targets), string(pattern)); err != nil {
		return fmt.Errorf("event pattern: %w", err)
	}
	c.rules.targets = append(c.rules.targets, target)
	return nil
}

// Deliver gives every event that is waiting to the targets of the rules that
// match it, in order, and returns how many times a target was called. Events
// that the targets cause by their own calls are delivered too. Nothing is
// delivered without Deliver, so that the caller owns the order of things.
// The error says that the events do not end: some target answers each event
// with another. A target must not call Deliver or AddRule.
func (c *Cloud) Deliver() (deliveries int, err error) {
	c.rules.mu.Lock()
	defer c.rules.mu.Unlock()
	for range maxDeliveries {
		event := c.nextEvent()
		if event == nil {
			return deliveries, nil
		}
		if c.rules.matcher == nil {
			continue
		}
		matches, err := c.rules.matcher.MatchesForEvent(event)
		if err != nil {
			return deliveries, fmt.Errorf("matching an event: %w", err)
		}
		for _, rule := range matches {
			if i, ok := rule.(int); ok { // every rule was added under its index
				c.rules.targets[i](event)
				deliveries++
			}
		}
	}
	return deliveries, fmt.Errorf("no end after %d events: does a target answer its own events?", maxDeliveries)
}

func (c *Cloud) nextEvent() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trail.delivered == len(c.trail.events) {
		return nil
	}
	c.trail.delivered++
	return c.trail.events[c.trail.delivered-1]
}
