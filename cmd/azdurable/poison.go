package main

import (
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// poisonCommands are the commands about messages that were given up.
type poisonCommands struct {
	target `embed:""`
	List   poisonListCommand   `cmd:"" help:"List messages that were given up, because they failed by their own making."`
	Get    poisonGetCommand    `cmd:"" help:"Print such a message with what is stored of it."`
	Replay poisonReplayCommand `cmd:"" help:"Put such messages back to where they were, once what was wrong is mended."`
	Drop   poisonDropCommand   `cmd:"" help:"Delete such messages for good."`
}

// poisoned is a message that was given up, for programs.
type poisoned struct {
	ID         string    `json:"id"`
	Queue      string    `json:"queue"`
	InstanceID string    `json:"instanceId"`
	Kind       string    `json:"kind"`
	Name       string    `json:"name"`
	At         time.Time `json:"at"`
	Tries      int       `json:"tries"`
	Reason     string    `json:"reason"`
	Size       int       `json:"size"`
	Text       string    `json:"text,omitempty"`
}

func shownPoison(m *durabletask.PoisonMessage) *poisoned {
	return &poisoned{m.ID, m.Queue, m.InstanceID, m.Kind, m.Name, m.At, m.Tries, m.Reason, m.Size, m.Text}
}
