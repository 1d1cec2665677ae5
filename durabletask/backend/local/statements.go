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
	terminateInstance
	rewindInstance
	instanceByID
	instanceByKey
	stateByID
	listStates
	listByKey
	listUncompleted
	listOne
	createdBetween
	manyCreated
	insertHistory
	updateHistory
	deleteHistory
	historyRows
	historyByKey
	historyByID
	insertMessage
	deleteMessage
	deleteMessages
	deleteBoundMessages
	countMessages
	messageBody
	waitingMessages
	insertActivity
	deleteActivity
	deleteActivities
	activityBody
	waitingActivities
	lastKey
	buryMessage
	buryActivity
	buryResult
	listPoison
	poisonByID
	deletePoison
	poisonPlaces
	numberOfStatements
)

// stateColumns are the columns that scanState reads, in its order.
const stateColumns = `id, execution_id, name, version, status, generation, created, updated, completed, scheduled_start,
	parent, tags, custom_status, failure, output, `

// listColumns are those that scanState reads, the input only if it is wanted.
const listColumns = stateColumns + ` iif(?7, NULL, input)`

// listed selects what a query wants.
const listed = storedOnce + ` AND id > ?1 AND id >= ?2 AND id < ?3 AND (?4 >> status) & 1 AND created BETWEEN ?5 AND ?6`

// storedOnce leaves out entities that have messages, but no state yet.
const storedOnce = `execution_id <> ''`

// poisonColumns are the columns that scanPoison reads, in its order.
const poisonColumns = `id, at, tries, source, instance_id, kind, name, reason, length(CAST(body AS BLOB))`

// instanceColumns are those that scanInstance reads.
const instanceColumns = `key, id, execution_id, status, ifnull(generation, 0), (SELECT ifnull(max(seq), 0) FROM history WHERE history.key = instances.key)`

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
		return `INSERT INTO instances (key, id, execution_id, name, version, status, generation, created, updated, scheduled_start, parent, tags, input)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	case updateInstance:
		return `UPDATE instances SET execution_id = ?2, name = ?3, version = ?4, status = ?5, generation = ifnull(?6, generation), created = ?7,
			updated = ?8, completed = ?9, scheduled_start = ?10, parent = ?11, tags = ?12, custom_status = ?13, failure = ?14, output = ?15,
			input = ?16 WHERE key = ?1`
	case rewindInstance:
		return `UPDATE instances SET status = 6, output = NULL, failure = NULL, completed = NULL, updated = ?2 WHERE key = ?1`
	case terminateInstance:
		return `UPDATE instances SET status = 5, output = ?2, updated = ?3, completed = ?3 WHERE key = ?1`
	case deleteInstance:
		return `DELETE FROM instances WHERE key = ?`
	case instanceByID:
		return `SELECT ` + instanceColumns + ` FROM instances WHERE id = ?`
	case instanceByKey:
		return `SELECT ` + instanceColumns + ` FROM instances WHERE key = ?`
	case stateByID:
		return `SELECT ` + stateColumns + ` input FROM instances WHERE id = ? AND ` + storedOnce
	case listStates:
		return `SELECT ` + listColumns + ` FROM instances WHERE ` + listed + ` ORDER BY id LIMIT ?8`
	case listUncompleted:
		return `SELECT ` + listColumns + ` FROM instances INDEXED BY uncompleted WHERE status <> 1 AND ` + listed + ` ORDER BY id LIMIT ?8`
	case listOne:
		return `SELECT ` + listColumns + ` FROM instances WHERE id = ?9 AND ` + listed + ` LIMIT ?8`
	case createdBetween:
		return `SELECT id FROM instances INDEXED BY created WHERE ` + listed
	case manyCreated:
		return `SELECT 1 FROM instances INDEXED BY created WHERE created BETWEEN ?1 AND ?2 LIMIT 1 OFFSET ?3`
	case listByKey: // pages of the file are read once, and written once by who deletes what was read
		return `SELECT ` + listColumns + `, key FROM instances NOT INDEXED
			WHERE ` + storedOnce + ` AND key > ?1 AND id >= ?2 AND id < ?3 AND (?4 >> status) & 1 AND created BETWEEN ?5 AND ?6 ORDER BY key LIMIT ?8`
	case insertHistory:
		return `INSERT INTO history (key, seq, events) VALUES (?, ?, ?)`
	case updateHistory:
		return `UPDATE history SET events = ?3 WHERE key = ?1 AND seq = ?2`
	case historyRows:
		return `SELECT seq, events FROM history WHERE key = ? ORDER BY seq`
	case deleteHistory:
		return `DELETE FROM history WHERE key = ?`
	case historyByKey:
		return `SELECT events FROM history WHERE key = ? ORDER BY seq`
	case historyByID:
		return `SELECT events FROM instances LEFT JOIN history USING (key) WHERE id = ? AND ` + storedOnce + ` ORDER BY seq`
	case insertMessage:
		return `INSERT INTO messages (key, seq, due, start, execution_id, body) VALUES (?, ?, ?, ?, ?, ?)`
	case deleteMessage:
		return `DELETE FROM messages WHERE key = ? AND seq = ?`
	case deleteMessages:
		return `DELETE FROM messages WHERE key = ?`
	case deleteBoundMessages:
		return `DELETE FROM messages WHERE key = ? AND execution_id <> ''`
	case countMessages:
		return `SELECT count(*) FROM messages WHERE key = ?`
	case messageBody:
		return `SELECT body FROM messages WHERE key = ? AND seq = ?`
	case waitingMessages:
		return `SELECT key, seq, due, start, messages.execution_id, id LIKE '@%' FROM messages JOIN instances USING (key) ORDER BY key, seq`
	case insertActivity:
		return `INSERT INTO activities (key, seq, execution_id, body) VALUES (?, ?, ?, ?)`
	case deleteActivity:
		return `DELETE FROM activities WHERE key = ? AND seq = ?`
	case deleteActivities:
		return `DELETE FROM activities WHERE key = ?`
	case activityBody:
		return `SELECT body FROM activities WHERE key = ? AND seq = ?`
	case waitingActivities:
		return `SELECT key, seq, execution_id FROM activities ORDER BY seq`
	case buryMessage:
		return `INSERT INTO poison (at, tries, source, key, seq, start, instance_id, execution_id, kind, name, reason, body)
			SELECT ?3, ?4, 'messages', key, seq, start, ?5, execution_id, ?6, ?7, ?8, body FROM messages WHERE key = ?1 AND seq = ?2`
	case buryActivity:
		return `INSERT INTO poison (at, tries, source, key, seq, start, instance_id, execution_id, kind, name, reason, body)
			SELECT ?3, ?4, 'activities', key, seq, 0, ?5, execution_id, ?6, ?7, ?8, body FROM activities WHERE key = ?1 AND seq = ?2`
	case buryResult:
		return `INSERT INTO poison (at, tries, source, key, seq, start, instance_id, execution_id, kind, name, reason, body)
			SELECT ?3, ?4, 'messages', key, seq, 0, ?5, execution_id, ?6, ?7, ?8, ?9 FROM activities WHERE key = ?1 AND seq = ?2`
	case listPoison:
		return `SELECT ` + poisonColumns + ` FROM poison WHERE id > ? ORDER BY id LIMIT ?`
	case poisonByID:
		return `SELECT ` + poisonColumns + `, key, seq, start, execution_id, body FROM poison WHERE id = ?`
	case deletePoison:
		return `DELETE FROM poison WHERE id = ?`
	case poisonPlaces:
		return `SELECT p.key, p.seq, p.start AND EXISTS (SELECT 1 FROM instances WHERE key = p.key AND status = 6)
			AND NOT EXISTS (SELECT 1 FROM history WHERE key = p.key) FROM poison p`
	case lastKey:
		return `SELECT ifnull(max(key), 0) FROM instances`
	}
	panic("local: statement without a text")
}
