/* SPDX-License-Identifier: MIT */
/*
 * One task in the segment: head, body, detail and family, each in an array of its own. The rules of
 * layout.h hold.
 */
#ifndef TRACKD_SEGMENT_LAYOUT_RECORD_H
#define TRACKD_SEGMENT_LAYOUT_RECORD_H

#include "libclient/segment/layout_limits.h"

/* ---- Head: the part that scans read -------------------------------------- */

struct layout_head {
	uint64_t stamp;      /* the commit; see record.c and slot.c */
	uint64_t deadline;   /* expired from then on; UINT64_MAX: never [producer, record mutex] */
	uint64_t id_hash;    /* [producer, CLAIMED] */
	uint64_t owner_hash; /* [producer, CLAIMED]; 0: no owner, in no owner chain */
	uint64_t cancel;     /* [producer, record mutex] */
	uint64_t serial;     /* [producer, its stripes]; a newer task has a higher one */
	uint32_t id_next;    /* link [producer, id stripe] */
	uint32_t owner_next; /* link [producer, owner stripe] */
	uint32_t owner_prev; /* link, only a hint [producer, owner stripe] */
	/* client entry + 1 (16), state (3), limited (1), kind (12) [producer, record mutex] */
	uint32_t hint;
};

/* For entry, state and limited this word is a hint for scans; the current copy is authoritative. The
 * kind is stored only here: it is written while the slot is CLAIMED, and every later store preserves
 * it. It may be any number: kind.c checks it against the table of kinds. */
#define HINT_LIMITED (UINT32_C(1) << 19) /* the task has time limits: COPY_LIMITS */

static inline uint32_t hint_make(uint64_t worker, uint8_t state, uint32_t kind)
{
	return (uint32_t)(worker & 0xffff) | (uint32_t)(state & 0x7) << 16 | kind << 20;
}

static inline uint32_t hint_entry(uint32_t hint) /* client entry + 1; 0: none */
{
	return hint & 0xffff;
}

static inline uint8_t hint_state(uint32_t hint)
{
	return hint >> 16 & 0x7;
}

static inline uint32_t hint_kind(uint32_t hint)
{
	return hint >> 20;
}

static_assert(LAYOUT_KINDS_MAX <= 1 << 12, "a kind is 12 bits of the hint");
static_assert(LAYOUT_CLIENTS <= UINT16_MAX, "a client entry is two bytes of the hint");

/* ---- Body: id, mutex and counter, and two copies of the rest ------------- */

enum copy_flags { /* the *_CUT flags equal those of enum trackd_task_flags */
		  COPY_MESSAGE_CUT = 1 << 1,
		  COPY_ERROR_CUT = 1 << 2, /* the error, or the result */
		  COPY_STARTED = 1 << 4,   /* detail.started is valid */
		  COPY_ERROR =
			  1 << 5, /* detail.error is valid: the error; if completed, the result */
		  COPY_LIMITS = 1 << 6, /* detail's limits are valid */
		  COPY_CHILD = 1 << 7, /* has a parent: changes of state take the family's stripe */
		  COPY_PARENT = 1 << 8,  /* has or had children */
		  COPY_ROLLUP = 1 << 9,  /* shows its children's ends as its progress */
		  COPY_LABELS = 1 << 10, /* detail.labels is valid */
};

enum { COPY_NO_STAGE = 0xff };

/* copy[version & 1] is current; the holder of the record's mutex may write the other one. */
struct layout_copy {
	uint64_t revision;
	uint64_t updated; /* time of the last update; in a final copy, of the end */
	uint64_t total;   /* of the stage; 0: not known */
	union {
		uint64_t base; /* open: work count at which the stage began */
		uint64_t done; /* final */
	};
	uint64_t cause;  /* of a worker's death, cause_make(); 0: not known, or none died */
	uint64_t worker; /* worker_make(); 0: none. Of a pending task: its keeper */
	uint64_t stage_start;
	uint8_t state;  /* enum trackd_state */
	uint8_t reason; /* enum trackd_reason */
	uint8_t stage;  /* COPY_NO_STAGE: none yet */
	uint8_t message_len;
	uint16_t flags;                  /* enum copy_flags */
	uint16_t stages_left;            /* bit s: row s of the history is valid */
	uint8_t message[LAYOUT_MESSAGE]; /* the last byte is always 0 */
};

/* The hint that follows from a copy. */
static inline uint32_t hint_of(uint64_t worker, uint8_t state, uint16_t flags, uint32_t kind)
{
	return hint_make(worker, state, kind) | (flags & COPY_LIMITS ? HINT_LIMITED : 0u);
}

/* The fields from state to stages_left as one word, to load and store them together. */
#define COPY_WORD_STATE(word) ((uint8_t)(word))
#define COPY_WORD_REASON(word) ((uint8_t)((word) >> 8))
#define COPY_WORD_STAGE(word) ((uint8_t)((word) >> 16))
#define COPY_WORD_LENGTH(word) ((uint8_t)((word) >> 24))
#define COPY_WORD_FLAGS(word) ((uint16_t)((word) >> 32))
#define COPY_WORD_LEFT(word) ((uint16_t)((word) >> 48))

struct layout_body {
	uint8_t id[LAYOUT_ID]; /* [producer, CLAIMED] */
	union layout_mutex mutex;
	uint64_t work;   /* [any] compare-and-swap */
	uint32_t ttl_ms; /* [producer, CLAIMED]; 0: the board's */
	uint32_t active_ttl_ms;
	struct layout_copy copy[2];
};

/* ---- Detail: each field written before the publish that makes it valid ----- */

enum detail_flags {
	DETAIL_NAME_CUT = 1 << 0,
};

struct layout_stage_row { /* written when the task leaves the stage, while its bit is clear */
	uint64_t start, end, done, total;
};

struct layout_detail {
	uint64_t created;
	uint64_t started; /* when the first stage began; valid with COPY_STARTED */
	uint32_t flags;
	/* limits in milliseconds, 0: none; count with COPY_LIMITS */
	uint32_t start_within, progress_within, finish_within;
	uint32_t weight; /* in the parent's progress; 0: 1 */
	uint16_t host;   /* of a mirror: entry of the table of hosts plus one; 0: this host */
	uint16_t tenant; /* of the served client that created it; 0: not served */
	uint32_t tenant_pid;
	uint32_t reserved[5];
	uint8_t owner[LAYOUT_OWNER];
	uint8_t name[LAYOUT_NAME];
	uint8_t labels[LAYOUT_LABELS]; /* key=value, one a line */
	uint8_t error[LAYOUT_ERROR];
	struct layout_stage_row row[LAYOUT_STAGES];
};

/* ---- Families: a task's parent, and what is known of its children ------------- */

enum family_flags {
	FAMILY_ENDS = 1 << 0,   /* the daemon ends the parent after its last child */
	FAMILY_ANYWAY = 1 << 1, /* completed even if a child failed or was cancelled */
	FAMILY_CLOSED = 1 << 2, /* no more children come */
};

/* How many children there are. Those that have gone are still counted, by how they ended. */
struct layout_children {
	uint32_t pending, active, completed, failed, cancelled;
	uint32_t gone_completed, gone_failed, gone_cancelled;
};

/* The fields of a child count with COPY_CHILD, those of a parent with COPY_PARENT: other bytes may be
 * an earlier tenant's. */
struct layout_family {
	/* as a child [the parent's family stripe, or CLAIMED] */
	uint64_t parent;     /* slot plus one, and generation above; 0: none */
	uint32_t next, prev; /* links among the parent's children: older, newer */
	uint32_t depth;      /* generations above */
	/* as a parent [its own family stripe, or before COPY_PARENT] */
	uint32_t first;    /* link: the newest child */
	uint32_t version;  /* children[version & 1] is in force */
	uint32_t expected; /* so many children come; 0: not known */
	uint32_t flags;    /* enum family_flags [producer, record mutex] */
	/* as a child */
	uint32_t weight; /* in the parent's progress; 0: 1. As in the details */
	/* as a parent: the weights of those that have gone, published with the counts */
	uint64_t gone_weight[2];
	uint32_t reserved[2];
	struct layout_children children[2];
};

/* ---- Proven -------------------------------------------------------------- */

LAYOUT_AT(layout_head, deadline, 8);
LAYOUT_AT(layout_head, id_hash, 16);
LAYOUT_AT(layout_head, owner_hash, 24);
LAYOUT_AT(layout_head, cancel, 32);
LAYOUT_AT(layout_head, serial, 40);
LAYOUT_AT(layout_head, id_next, 48);
LAYOUT_AT(layout_head, owner_next, 52);
LAYOUT_AT(layout_head, owner_prev, 56);
LAYOUT_AT(layout_head, hint, 60);
LAYOUT_SIZE(layout_head, LAYOUT_LINE);

LAYOUT_AT(layout_copy, updated, 8);
LAYOUT_AT(layout_copy, total, 16);
LAYOUT_AT(layout_copy, base, 24);
LAYOUT_AT(layout_copy, done, 24);
LAYOUT_AT(layout_copy, cause, 32);
LAYOUT_AT(layout_copy, worker, 40);
LAYOUT_AT(layout_copy, stage_start, 48);
LAYOUT_AT(layout_copy, state, 56);
LAYOUT_AT(layout_copy, reason, 57);
LAYOUT_AT(layout_copy, stage, 58);
LAYOUT_AT(layout_copy, message_len, 59);
LAYOUT_AT(layout_copy, flags, 60);
LAYOUT_AT(layout_copy, stages_left, 62);
LAYOUT_AT(layout_copy, message, 64);
LAYOUT_SIZE(layout_copy, 256);

LAYOUT_AT(layout_body, mutex, 64);
LAYOUT_AT(layout_body, work, 112);
LAYOUT_AT(layout_body, ttl_ms, 120);
LAYOUT_AT(layout_body, active_ttl_ms, 124);
LAYOUT_AT(layout_body, copy, 128);
LAYOUT_SIZE(layout_body, 640);

LAYOUT_AT(layout_detail, started, 8);
LAYOUT_AT(layout_detail, flags, 16);
LAYOUT_AT(layout_detail, owner, 64);
LAYOUT_AT(layout_detail, name, 128);
LAYOUT_AT(layout_detail, start_within, 20);
LAYOUT_AT(layout_detail, progress_within, 24);
LAYOUT_AT(layout_detail, finish_within, 28);
LAYOUT_AT(layout_detail, weight, 32);
LAYOUT_AT(layout_detail, host, 36);
LAYOUT_AT(layout_detail, tenant, 38);
LAYOUT_AT(layout_detail, tenant_pid, 40);
LAYOUT_AT(layout_detail, labels, 384);
LAYOUT_AT(layout_detail, error, 640);
LAYOUT_AT(layout_detail, row, 1152);
LAYOUT_SIZE(layout_detail, 1664);

LAYOUT_AT(layout_family, next, 8);
LAYOUT_AT(layout_family, prev, 12);
LAYOUT_AT(layout_family, depth, 16);
LAYOUT_AT(layout_family, first, 20);
LAYOUT_AT(layout_family, version, 24);
LAYOUT_AT(layout_family, expected, 28);
LAYOUT_AT(layout_family, flags, 32);
LAYOUT_AT(layout_family, weight, 36);
LAYOUT_AT(layout_family, gone_weight, 40);
LAYOUT_AT(layout_family, children, 64);
LAYOUT_SIZE(layout_children, 32);
LAYOUT_SIZE(layout_family, 128);

#endif
