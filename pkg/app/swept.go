package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/sweeper"
)

// tellFirst tells people of the first sweep under a configuration, which only reports how
// many keys it would repair: whoever changed it by mistake has until the next to notice.
// What the topic does not take is in the log, as the summary is.
func (h *SweepHandler) tellFirst(ctx context.Context, s sweeper.Summary) {
	if h.topic == nil || !s.First {
		return
	}
	// The sweep may have used up its own time, and this is part of what was kept back.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime/2)
	defer cancel()
	public, err := json.Marshal(s)
	if err == nil {
		err = h.topic.Tell(ctx, notify.Notice{
			Subject: fmt.Sprintf("[info] KMS keys of %s: %d would be repaired", h.place, s.WouldRepair+s.WouldRepairOnEvent),
			Text:    firstWords(h.place, s), Public: string(public),
		})
	}
	if err != nil {
		h.log.LogAttrs(ctx, slog.LevelError, "reporter failed", slog.String("sweep", s.SweepID), slog.String("error", err.Error()))
	}
}

// firstWords is what people read of a first sweep.
func firstWords(place string, s sweeper.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The configuration %s is new. The first sweep of the keys of %s under it wrote nothing.\n\n", s.ConfigurationHash, place)
	for _, verdict := range slices.Sorted(maps.Keys(s.Verdicts)) {
		fmt.Fprintf(&b, "%-15s %d\n", verdict, s.Verdicts[verdict])
	}
	fmt.Fprintf(&b, "\nThe next sweep repairs %d keys. Further %d are repaired at their next event only.\n", s.WouldRepair, s.WouldRepairOnEvent)
	if !s.Complete {
		fmt.Fprintf(&b, "The sweep was not complete: %d keys failed, and others may not have been looked at. The next one begins anew, and repairs nothing either.\n", s.Failed)
	}
	b.WriteString("If that is not what you want, run: kmsguard pause --why ...\n")
	return b.String()
}
