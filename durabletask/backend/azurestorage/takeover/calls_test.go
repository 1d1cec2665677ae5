package takeover_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// patience is how long a recorded wait may take, unless the recording says it.
const patience = time.Minute

// do makes a recorded client's call. What only looks at the hub is left out.
func (s *site) do(ctx context.Context, c *call) error {
	a := &c.args
	switch c.name {
	case "create":
		return s.create(ctx, c)
	case "raise":
		return s.client.RaiseEventJSON(ctx, a.Instance, a.Event, a.Data)
	case "terminate":
		return s.client.Terminate(ctx, a.Instance, a.Reason)
	case "suspend":
		return s.client.Suspend(ctx, a.Instance, a.Reason)
	case "resume":
		return s.client.Resume(ctx, a.Instance, a.Reason)
	case "rewind":
		return s.client.Rewind(ctx, a.Instance, a.Reason)
	case "signal":
		var options []durabletask.SignalOption
		if a.Delay > 0 {
			options = append(options, durabletask.SignalAt(time.Now().Add(milliseconds(1000*a.Delay))))
		}
		return s.client.SignalEntityJSON(ctx, entityID(a.Entity), a.Operation, a.Input, options...)
	case "cleanEntities":
		_, err := s.client.CleanEntities(ctx)
		return err
	case "purge":
		state, err := s.client.Get(ctx, a.Instance)
		if err != nil {
			return err
		}
		return s.backend.Purge(ctx, state.Instance)
	case "createHub":
		return s.backend.CreateTaskHub(ctx)
	case "deleteHub":
		return s.backend.DeleteTaskHub(ctx)
	case "wait":
		limit := patience
		if a.Timeout > 0 {
			limit = milliseconds(1000 * a.Timeout)
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		var err error
		s.poll(ctx, func() bool { // an instance that does not exist yet is waited for, too, as DTFx does
			_, err = s.client.Wait(ctx, a.Instance)
			return !errors.Is(err, durabletask.ErrInstanceNotFound)
		})
		if ctx.Err() != nil {
			return nil // what it has come to is compared at the end
		}
		return err
	}
	return nil
}

func (s *site) create(ctx context.Context, c *call) error {
	a := &c.args
	options := []durabletask.StartOption{durabletask.AsReceived()}
	if a.Instance != "" {
		options = append(options, durabletask.InstanceID(a.Instance))
	}
	if !s.extension {
		options = append(options, durabletask.Version(a.Version)) // the program that used DTFx alone had "" where it had none
	}
	if a.Tags != nil {
		options = append(options, durabletask.Tags(a.Tags))
	}
	if a.StartIn != nil {
		options = append(options, durabletask.StartAt(time.Now().Add(milliseconds(1000**a.StartIn))))
	}
	var refused []durabletask.Status
	if a.Dedupe != nil {
		for _, name := range *a.Dedupe {
			status, ok := history.ParseStatus(name)
			if !ok {
				return fmt.Errorf("no status %q", name)
			}
			refused = append(refused, status)
		}
	}
	options = append(options, durabletask.Refuse(refused...))
	_, err := s.client.ScheduleJSON(ctx, a.Name, a.Input, options...)
	return err
}

// entityID reads @name@key.
func entityID(id string) durabletask.EntityID {
	name, key, _ := strings.Cut(strings.TrimPrefix(id, "@"), "@")
	return durabletask.EntityID{Name: name, Key: key}
}
