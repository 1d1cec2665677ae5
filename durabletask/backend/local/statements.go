package local

// A statement is one that a connection keeps prepared.
type statement int

const (
	begin statement = iota
	commit
	rollback
	insertInstance
	updateInstance
	deleteInstance
	instanceByID
	instanceByKey
	stateByID
	listStates
	insertHistory
	deleteHistory
	historyByKey
	historyByID
	insertMessage
	deleteMessage
	deleteMessages
	messageBody
	waitingMessages
	insertActivity
	deleteActivity
	deleteActivities
	activityBody
	waitingActivities
	lastKey
	numberOfStatements
)

// stateColumns are the columns that scanState reads, in its order.
const stateColumns = `id, execution_id, name, version, status, generation, created, updated, completed, scheduled_start,
	tags, custom_status, failure, output, `

// instanceColumns are those that scanInstance reads.
const instanceColumns = `key, id, execution_id, status, (SELECT ifnull(max(seq), 0) FROM history WHERE history.key = instances.key)`

// sql returns the text of the statement.
func (s statement) sql() string {
	switch s {
	case begin:
		return `BEGIN IMMEDIATE`
	case commit:
		return `COMMIT`
	case rollback:
		return `ROLLBACK`
	case insertInstance:
		return `INSERT INTO instances (key, id, execution_id, name, version, status, generation, created, updated, scheduled_start, tags, input)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	case updateInstance:
		return `UPDATE instances SET name = ?2, version = ?3, status = ?4, generation = ?5, created = ?6, updated = ?7, completed = ?8,
			scheduled_start = ?9, tags = ?10, custom_status = ?11, failure = ?12, output = ?13, input = ?14 WHERE key = ?1`
	case deleteInstance:
		return `DELETE FROM instances WHERE key = ?`
	case instanceByID:
		return `SELECT ` + instanceColumns + ` FROM instances WHERE id = ?`
	case instanceByKey:
		return `SELECT ` + instanceColumns + ` FROM instances WHERE key = ?`
	case stateByID:
		return `SELECT ` + stateColumns + ` input FROM instances WHERE id = ?`
	case listStates:
		return `SELECT ` + stateColumns + ` iif(?7, NULL, input) FROM instances
			WHERE id > ?1 AND id >= ?2 AND id < ?3 AND (?4 >> status) & 1 AND created BETWEEN ?5 AND ?6 ORDER BY id LIMIT ?8`
	case insertHistory:
		return `INSERT INTO history (key, seq, events) VALUES (?, ?, ?)`
	case deleteHistory:
		return `DELETE FROM history WHERE key = ?`
	case historyByKey:
		return `SELECT events FROM history WHERE key = ? ORDER BY seq`
	case historyByID:
		return `SELECT events FROM instances LEFT JOIN history USING (key) WHERE id = ? ORDER BY seq`
	case insertMessage:
		return `INSERT INTO messages (key, seq, due, start, body) VALUES (?, ?, ?, ?, ?)`
	case deleteMessage:
		return `DELETE FROM messages WHERE key = ? AND seq = ?`
	case deleteMessages:
		return `DELETE FROM messages WHERE key = ?`
	case messageBody:
		return `SELECT body FROM messages WHERE key = ? AND seq = ?`
	case waitingMessages:
		return `SELECT key, seq, due, start FROM messages ORDER BY key, seq`
	case insertActivity:
		return `INSERT INTO activities (key, seq, body) VALUES (?, ?, ?)`
	case deleteActivity:
		return `DELETE FROM activities WHERE key = ? AND seq = ?`
	case deleteActivities:
		return `DELETE FROM activities WHERE key = ?`
	case activityBody:
		return `SELECT body FROM activities WHERE key = ? AND seq = ?`
	case waitingActivities:
		return `SELECT key, seq FROM activities ORDER BY seq`
	case lastKey:
		return `SELECT ifnull(max(key), 0) FROM instances`
	}
	panic("local: statement without a text")
}
