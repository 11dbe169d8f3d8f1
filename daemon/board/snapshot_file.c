/* SPDX-License-Identifier: MIT */
/* Frames of the snapshot. A checksum detects damage but not forgery, so every value is also checked
 * against the limits of a board. */
#include "daemon/board/snapshot_file.h"
#include "libclient/record/internal.h"
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A task's numbers, followed by n_stages rows, the strings without their NULs, and extras. */
struct task_part {
	uint64_t revision, done, total, serial;
	uint64_t created_ns, started_ns, updated_ns, finished_ns, cancel_requested_ns, expires_ns;
	uint64_t worker_start;
	int32_t kind, worker_pid;
	uint32_t worker_uid, ttl_ms, active_ttl_ms;
	uint8_t state, reason, progress, flags;
	int8_t stage;
	uint8_t n_stages;
	uint16_t n_id, n_owner, n_name, n_message, n_error;
	uint32_t reserved;
	char worker_comm[16];
};
static_assert(sizeof(struct task_part) == 144, "the snapshot's format");

struct row_part {
	uint64_t started_ns, finished_ns, done, total;
	uint64_t state;
};

/* Before the bytes of an extra. */
struct extra_part {
	uint16_t tag, length;
};

/* An extra with the time limits. */
struct limits_part {
	uint32_t start_within_ms, progress_within_ms, finish_within_ms;
};

/* What a task says about its parent and its children. Children that are on the board are counted when
 * they are restored. */
struct family_part {
	uint32_t weight, rollup, expected, closed;
	uint32_t gone_completed, gone_failed, gone_cancelled;
	uint32_t present; /* children on the board */
	uint64_t gone_weight;
};
static_assert(sizeof(struct family_part) == 40, "the snapshot's format");

enum {
	EXTRAS_MAX = 7 * sizeof(struct extra_part) + TRACKD_LABELS_BYTES + TRACKD_MESSAGE_MAX +
		     TRACKD_RESULT_MAX + TRACKD_ID_MAX + sizeof(struct limits_part) +
		     sizeof(uint64_t) + sizeof(struct family_part),
};

struct kind_part {
	char name[32];
	uint32_t n_stages, reserved;
	uint8_t percent[TRACKD_STAGES_MAX];
	char stages[TRACKD_STAGES_MAX][32];
};

static_assert(sizeof(struct snapshot_frame) + sizeof(struct task_part) +
			      TRACKD_STAGES_MAX * sizeof(struct row_part) + TRACKD_ID_MAX +
			      TRACKD_OWNER_MAX + TRACKD_NAME_MAX + TRACKD_MESSAGE_MAX +
			      TRACKD_ERROR_MAX + EXTRAS_MAX + 8 <=
		      SNAPSHOT_FRAME_MAX,
	      "the longest frame fits");

void snapshot_seal(struct snapshot_header *header)
{
	header->magic = SNAPSHOT_MAGIC;
	header->version = SNAPSHOT_VERSION;
	header->size = sizeof *header;
	header->check = XXH3_64bits(header, offsetof(struct snapshot_header, check));
}

int snapshot_check(const struct snapshot_header *header)
{
	if (header->magic != SNAPSHOT_MAGIC)
		return -EBADMSG;
	if (header->version < SNAPSHOT_VERSION_OLDEST || header->version > SNAPSHOT_VERSION ||
	    header->size != sizeof *header)
		return -EPROTO;
	if (header->check != XXH3_64bits(header, offsetof(struct snapshot_header, check)))
		return -EBADMSG;
	return 0;
}

static uint64_t check_of(const struct snapshot_frame *frame, const void *payload)
{
	uint64_t seed = (uint64_t)frame->length << 32 | (uint64_t)frame->type << 16 | frame->number;

	return XXH3_64bits_withSeed(payload, frame->length, seed);
}

/* ---- Writing ------------------------------------------------------------ */

static uint8_t *put(uint8_t *at, const void *from, size_t n)
{
	memcpy(at, from, n);
	return at + n;
}

static uint8_t *put_kind(uint8_t *at, const struct trackd_kind *kind)
{
	struct kind_part part = { .n_stages = (uint32_t)kind->n_stages };

	memcpy(part.name, kind->name, sizeof part.name);
	for (int i = 0; i < kind->n_stages; i++) {
		part.percent[i] = kind->stages[i].percent;
		memcpy(part.stages[i], kind->stages[i].name, sizeof part.stages[i]);
	}
	return put(at, &part, sizeof part);
}

static uint8_t *put_rows(uint8_t *at, const struct trackd_task *task)
{
	for (unsigned i = 0; i < task->n_stages; i++) {
		const struct trackd_stage *stage = &task->stages[i];
		struct row_part row = { stage->started_ns, stage->finished_ns, stage->done,
					stage->total, stage->state };
		at = put(at, &row, sizeof row);
	}
	return at;
}

static uint8_t *put_extra(uint8_t *at, enum snapshot_extra tag, const void *from, size_t n)
{
	struct extra_part part = { (uint16_t)tag, (uint16_t)n };

	if (n == 0)
		return at;
	at = put(at, &part, sizeof part);
	return put(at, from, n);
}

static uint8_t *put_extra_text(uint8_t *at, enum snapshot_extra tag, const char *text)
{
	return put_extra(at, tag, text, strlen(text));
}

static uint8_t *put_limits(uint8_t *at, const struct trackd_task *task)
{
	struct limits_part part = { task->start_within_ms, task->progress_within_ms,
				    task->finish_within_ms };
	bool any = (part.start_within_ms | part.progress_within_ms | part.finish_within_ms) != 0;

	return put_extra(at, SNAPSHOT_EXTRA_LIMITS, &part, any ? sizeof part : 0);
}

static uint8_t *put_family(uint8_t *at, const struct trackd_task *task)
{
	static const struct family_part none;
	const struct trackd_children *children = &task->children;
	struct family_part part = { .weight = task->weight,
				    .rollup = task->rollup,
				    .expected = children->expected,
				    .closed = children->closed,
				    .gone_completed = children->gone_completed,
				    .gone_failed = children->gone_failed,
				    .gone_cancelled = children->gone_cancelled,
				    .present = children->pending + children->active +
					       children->completed + children->failed +
					       children->cancelled,
				    .gone_weight = children->gone_weight };

	return memcmp(&part, &none, sizeof part) == 0
		       ? at
		       : put_extra(at, SNAPSHOT_EXTRA_FAMILY, &part, sizeof part);
}

/* What a snapshot of version 1 does not have. */
static uint8_t *put_extras(uint8_t *at, const struct trackd_task *task)
{
	uint64_t cause = cause_of_task(task);

	at = put_extra_text(at, SNAPSHOT_EXTRA_LABELS, task->labels);
	at = put_limits(at, task);
	at = put_extra(at, SNAPSHOT_EXTRA_CAUSE, &cause, cause != 0 ? sizeof cause : 0);
	at = put_extra_text(at, SNAPSHOT_EXTRA_LAST_MESSAGE, task->last_message);
	at = put_extra_text(at, SNAPSHOT_EXTRA_RESULT, task->result);
	at = put_extra_text(at, SNAPSHOT_EXTRA_PARENT, task->parent);
	return put_family(at, task);
}

static uint8_t *put_task(uint8_t *at, const struct trackd_task *task)
{
	struct task_part part = {
		.revision = task->revision,
		.done = task->done,
		.total = task->total,
		.serial = task->serial,
		.created_ns = task->created_ns,
		.started_ns = task->started_ns,
		.updated_ns = task->updated_ns,
		.finished_ns = task->finished_ns,
		.cancel_requested_ns = task->cancel_requested_ns,
		.expires_ns = task->expires_ns,
		.worker_start = task->worker_start,
		.kind = task->kind,
		.worker_pid = task->worker_pid,
		.worker_uid = task->worker_uid,
		.ttl_ms = task->ttl_ms,
		.active_ttl_ms = task->active_ttl_ms,
		.state = task->state,
		.reason = task->reason,
		.progress = task->progress,
		.flags = task->flags,
		.stage = task->stage,
		.n_stages = task->n_stages,
		.n_id = (uint16_t)strlen(task->id),
		.n_owner = (uint16_t)strlen(task->owner),
		.n_name = (uint16_t)strlen(task->name),
		.n_message = (uint16_t)strlen(task->message),
		.n_error = (uint16_t)strlen(task->error),
	};

	memcpy(part.worker_comm, task->worker_comm, sizeof part.worker_comm);
	at = put(at, &part, sizeof part);
	at = put_rows(at, task);
	at = put(at, task->id, part.n_id);
	at = put(at, task->owner, part.n_owner);
	at = put(at, task->name, part.n_name);
	at = put(at, task->message, part.n_message);
	at = put(at, task->error, part.n_error);
	return put_extras(at, task);
}

size_t snapshot_encode(uint8_t bytes[SNAPSHOT_FRAME_MAX], const struct snapshot_item *item)
{
	struct snapshot_frame frame = { .mark = SNAPSHOT_MARK,
					.type = (uint16_t)item->type,
					.number = (uint16_t)item->number };
	uint8_t *payload = bytes + sizeof frame, *end;

	if (item->type == SNAPSHOT_KIND)
		end = put_kind(payload, &item->kind);
	else if (item->type == SNAPSHOT_TASK)
		end = put_task(payload, &item->task);
	else
		end = put(payload, &item->n_tasks, sizeof item->n_tasks);
	while ((end - payload) % 8 != 0)
		*end++ = 0;
	frame.length = (uint32_t)(end - payload);
	frame.check = check_of(&frame, payload);
	memcpy(bytes, &frame, sizeof frame);
	return (size_t)(end - bytes);
}

/* ---- Reading ------------------------------------------------------------ */

struct reader {
	const uint8_t *at, *end;
};

static bool get(struct reader *reader, void *to, size_t n)
{
	if ((size_t)(reader->end - reader->at) < n)
		return false;
	memcpy(to, reader->at, n);
	reader->at += n;
	return true;
}

static bool get_text(struct reader *reader, char *to, size_t n, size_t max)
{
	if (n > max || !get(reader, to, n))
		return false;
	to[n] = '\0';
	return memchr(to, '\0', n) == NULL;
}

static bool get_kind(struct reader *reader, struct trackd_kind *kind)
{
	struct kind_part part;

	if (!get(reader, &part, sizeof part) || part.n_stages == 0 ||
	    part.n_stages > TRACKD_STAGES_MAX ||
	    memchr(part.name, '\0', sizeof part.name) == NULL || !text_word_valid(part.name))
		return false;
	memset(kind, 0, sizeof *kind);
	memcpy(kind->name, part.name, sizeof kind->name);
	kind->n_stages = (int32_t)part.n_stages;
	for (unsigned i = 0; i < part.n_stages; i++) {
		if (memchr(part.stages[i], '\0', sizeof part.stages[i]) == NULL ||
		    !text_word_valid(part.stages[i]) || part.percent[i] > 99 ||
		    (i > 0 && part.percent[i] < part.percent[i - 1]))
			return false;
		memcpy(kind->stages[i].name, part.stages[i], sizeof kind->stages[i].name);
		kind->stages[i].percent = part.percent[i];
	}
	return true;
}

static bool get_rows(struct reader *reader, struct trackd_task *task)
{
	for (unsigned i = 0; i < task->n_stages; i++) {
		struct row_part row;
		if (!get(reader, &row, sizeof row) || row.state > TRACKD_STAGE_ENDED ||
		    row.done > TRACKD_WORK_MAX || row.total > TRACKD_WORK_MAX)
			return false;
		task->stages[i].started_ns = row.started_ns;
		task->stages[i].finished_ns = row.finished_ns;
		task->stages[i].done = row.done;
		task->stages[i].total = row.total;
		task->stages[i].state = (uint8_t)row.state;
	}
	return true;
}

static bool numbers_possible(const struct task_part *part)
{
	return part->state >= TRACKD_PENDING && part->state <= TRACKD_CANCELLED &&
	       part->reason <= TRACKD_REASON_TIMED_OUT && part->n_stages <= TRACKD_STAGES_MAX &&
	       part->stage >= -1 && part->stage < part->n_stages &&
	       !(part->state == TRACKD_ACTIVE && part->stage < 0) && part->kind >= 0 &&
	       part->kind < TRACKD_KINDS_MAX && part->progress <= 100 &&
	       part->done <= TRACKD_WORK_MAX && part->total <= TRACKD_WORK_MAX &&
	       part->worker_pid >= 0;
}

static bool get_limits(struct reader *reader, size_t length, struct trackd_task *task)
{
	struct limits_part part;

	if (length != sizeof part || !get(reader, &part, sizeof part))
		return false;
	task->start_within_ms = part.start_within_ms;
	task->progress_within_ms = part.progress_within_ms;
	task->finish_within_ms = part.finish_within_ms;
	return true;
}

static bool get_cause(struct reader *reader, size_t length, struct trackd_task *task)
{
	uint64_t cause;

	if (length != sizeof cause || !get(reader, &cause, sizeof cause) ||
	    !cause_fits(task->state, task->reason, cause))
		return false;
	cause_to_task(cause, task);
	return true;
}

static bool get_family(struct reader *reader, struct trackd_task *task)
{
	struct family_part part;

	if (!get(reader, &part, sizeof part) || part.closed > 1)
		return false;
	task->weight = part.weight;
	task->rollup = (uint8_t)part.rollup;
	/* Only that there are some matters: they are counted when they are restored. */
	task->children = (struct trackd_children){ .pending = part.present,
						   .gone_completed = part.gone_completed,
						   .gone_failed = part.gone_failed,
						   .gone_cancelled = part.gone_cancelled,
						   .expected = part.expected,
						   .closed = part.closed,
						   .gone_weight = part.gone_weight };
	return (part.rollup &
		~(uint32_t)(TRACKD_ROLLUP | TRACKD_ROLLUP_ENDS | TRACKD_ROLLUP_ANYWAY)) == 0;
}

static bool get_extra(struct reader *reader, const struct extra_part *part,
		      struct trackd_task *task)
{
	switch (part->tag) {
	case SNAPSHOT_EXTRA_LABELS:
		return get_text(reader, task->labels, part->length, TRACKD_LABELS_BYTES) &&
		       label_text_valid(task->labels);
	case SNAPSHOT_EXTRA_LIMITS:
		return get_limits(reader, part->length, task);
	case SNAPSHOT_EXTRA_CAUSE:
		return get_cause(reader, part->length, task);
	case SNAPSHOT_EXTRA_LAST_MESSAGE:
		return get_text(reader, task->last_message, part->length, TRACKD_MESSAGE_MAX);
	case SNAPSHOT_EXTRA_RESULT:
		return get_text(reader, task->result, part->length, TRACKD_RESULT_MAX);
	case SNAPSHOT_EXTRA_PARENT:
		return get_text(reader, task->parent, part->length, TRACKD_ID_MAX) &&
		       text_id_valid(task->parent);
	case SNAPSHOT_EXTRA_FAMILY:
		return part->length == sizeof(struct family_part) && get_family(reader, task);
	default: /* of a later daemon */
		if ((size_t)(reader->end - reader->at) < part->length)
			return false;
		reader->at += part->length;
		return true;
	}
}

static bool get_extras(struct reader *reader, struct trackd_task *task)
{
	struct extra_part part;

	while (get(reader, &part, sizeof part) && part.tag != SNAPSHOT_EXTRA_END)
		if (!get_extra(reader, &part, task))
			return false;
	return true;
}

static bool get_task(struct reader *reader, struct trackd_task *task)
{
	struct task_part part;

	if (!get(reader, &part, sizeof part) || !numbers_possible(&part))
		return false;
	*task = (struct trackd_task){
		.revision = part.revision,
		.kind = part.kind,
		.state = part.state,
		.reason = part.reason,
		.stage = part.stage,
		.progress = part.progress,
		.flags = part.flags,
		.n_stages = part.n_stages,
		.done = part.done,
		.total = part.total,
		.serial = part.serial,
		.created_ns = part.created_ns,
		.started_ns = part.started_ns,
		.updated_ns = part.updated_ns,
		.finished_ns = part.finished_ns,
		.cancel_requested_ns = part.cancel_requested_ns,
		.expires_ns = part.expires_ns,
		.ttl_ms = part.ttl_ms,
		.active_ttl_ms = part.active_ttl_ms,
		.worker_pid = part.worker_pid,
		.worker_uid = part.worker_uid,
		.worker_start = part.worker_start,
	};
	memcpy(task->worker_comm, part.worker_comm, sizeof task->worker_comm);
	task->worker_comm[sizeof task->worker_comm - 1] = '\0';
	return get_rows(reader, task) && get_text(reader, task->id, part.n_id, TRACKD_ID_MAX) &&
	       get_text(reader, task->owner, part.n_owner, TRACKD_OWNER_MAX) &&
	       get_text(reader, task->name, part.n_name, TRACKD_NAME_MAX) &&
	       get_text(reader, task->message, part.n_message, TRACKD_MESSAGE_MAX) &&
	       get_text(reader, task->error, part.n_error, TRACKD_ERROR_MAX) &&
	       text_id_valid(task->id) && text_owner_valid(task->owner) && get_extras(reader, task);
}

int snapshot_decode(const void *bytes, size_t size, struct snapshot_item *ret_item)
{
	struct snapshot_frame frame;
	const uint8_t *payload = (const uint8_t *)bytes + sizeof frame;
	bool good = false;

	if (size < sizeof frame)
		return 0;
	memcpy(&frame, bytes, sizeof frame);
	if (frame.mark != SNAPSHOT_MARK || frame.length > SNAPSHOT_FRAME_MAX - sizeof frame ||
	    frame.length % 8 != 0)
		return -EBADMSG;
	if (size - sizeof frame < frame.length)
		return 0;
	if (frame.check != check_of(&frame, payload))
		return -EBADMSG;
	struct reader reader = { payload, payload + frame.length };
	ret_item->number = frame.number;
	if (frame.type == SNAPSHOT_KIND)
		good = get_kind(&reader, &ret_item->kind) && frame.number < TRACKD_KINDS_MAX;
	else if (frame.type == SNAPSHOT_TASK)
		good = get_task(&reader, &ret_item->task);
	else if (frame.type == SNAPSHOT_END)
		good = get(&reader, &ret_item->n_tasks, sizeof ret_item->n_tasks);
	if (!good)
		return -EBADMSG;
	ret_item->type = (enum snapshot_type)frame.type;
	return (int)(sizeof frame + frame.length);
}
