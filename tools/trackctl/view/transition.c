/* SPDX-License-Identifier: MIT */
/*
 * An event describes a past moment, the task the present. So stage, counts and reason are taken
 * from the event; name and error, which do not change any more, from the task; the message only if
 * the task still has the event's revision.
 */
#include "tools/trackctl/view/transition.h"
#include "tools/common/event_name.h"
#include "tools/common/task_json.h"
#include "tools/common/time_format.h"
#include "tools/trackctl/view/words.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 3 * TRACKD_ERROR_MAX + 1, NARROW = 60 };

static const char *type_name(const struct transition *transition)
{
	return transition->event ? event_name(transition->event->type) : "snapshot";
}

/* ---- The event, completed from the task -------------------------------- */

struct facts {
	uint64_t time_ns, done, total, revision;
	enum trackd_state state;
	enum trackd_reason reason;
	char id[TRACKD_ID_MAX + 1];
	char stage[TRACKD_STAGE_NAME_MAX + 1]; /* "": none */
	int percent;  /* at the stage's start; in a snapshot, the progress */
	bool current; /* the task still has the event's revision */
};

static void stage_facts(struct ctl *ctl, int32_t kind_number, int stage, struct facts *facts)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;

	facts->stage[0] = '\0';
	facts->percent = 0;
	if (stage < 0 || trackd_kind_get(ctl->trackd, kind_number, &kind) < 0 ||
	    stage >= kind.n_stages)
		return;
	snprintf(facts->stage, sizeof facts->stage, "%s", kind.stages[stage].name);
	facts->percent = kind.stages[stage].percent;
}

static void snapshot_facts(struct ctl *ctl, const struct trackd_task *task, struct facts *facts)
{
	*facts = (struct facts){
		.time_ns = time_now(),
		.done = task->done,
		.total = task->total,
		.revision = task->revision,
		.state = (enum trackd_state)task->state,
		.reason = (enum trackd_reason)task->reason,
		.current = true,
	};
	stage_facts(ctl, task->kind, task->stage, facts);
	facts->percent = task->progress;
	memcpy(facts->id, task->id, sizeof facts->id);
}

static void event_facts(struct ctl *ctl, const struct transition *transition, struct facts *facts)
{
	const struct trackd_event *event = transition->event;
	const struct trackd_task *task = transition->task;

	*facts = (struct facts){
		.time_ns = event->time_ns,
		.done = event->done,
		.total = event->total,
		.revision = event->revision,
		.state = (enum trackd_state)event->state,
		.reason = (enum trackd_reason)event->reason,
		.current = task && task->revision == event->revision,
	};
	stage_facts(ctl, event->kind, event->stage, facts);
	memcpy(facts->id, event->id, sizeof facts->id);
	if (facts->id[0] == '\0' && task)
		memcpy(facts->id, task->id, sizeof facts->id);
}

static void facts_of(struct ctl *ctl, const struct transition *transition, struct facts *facts)
{
	if (transition->event)
		event_facts(ctl, transition, facts);
	else
		snapshot_facts(ctl, transition->task, facts);
}

/* ---- For users --------------------------------------------------------- */

/* "in embedding 480/1000", or the known part of it. */
static void board_address_words(const struct facts *facts, char *to, size_t size)
{
	char work[WORDS];

	words_work(work, facts->done, facts->total);
	to[0] = '\0';
	if (facts->stage[0] != '\0')
		snprintf(to, size, " in %s%s%s", facts->stage, work[0] ? " " : "", work);
}

static void active_words(const struct facts *facts, char *to, size_t size)
{
	char work[WORDS];

	words_work(work, facts->done, facts->total);
	snprintf(to, size, "%s %d %%%s%s", facts->stage[0] ? facts->stage : "active",
		 facts->percent, work[0] ? " " : "", work);
}

static void state_words(const struct terminal *terminal, const struct facts *facts, char *to,
			size_t size)
{
	const char *reason = words_reason(facts->reason);
	char place[2 * WORDS];

	board_address_words(facts, place, sizeof place);
	switch (facts->state) {
	case TRACKD_PENDING:
		snprintf(to, size, "pending");
		return;
	case TRACKD_ACTIVE:
		active_words(facts, to, size);
		return;
	case TRACKD_COMPLETED:
		snprintf(to, size, "completed 100 %%");
		return;
	case TRACKD_FAILED:
		snprintf(to, size, "failed%s%s%s%s%s", reason[0] ? " " : "",
			 reason[0] ? terminal_dot(terminal) : "", reason[0] ? " " : "", reason,
			 place);
		return;
	case TRACKD_CANCELLED:
		snprintf(to, size, "cancelled%s", place);
		return;
	}
	snprintf(to, size, "unknown");
}

static void words_for(const struct terminal *terminal, const struct transition *transition,
		      const struct facts *facts, char *to, size_t size)
{
	const struct trackd_event *event = transition->event;
	char place[2 * WORDS];

	board_address_words(facts, place, sizeof place);
	if (event && event->type == TRACKD_EVENT_CANCEL)
		snprintf(to, size, "asked to stop%s", place);
	else if (event && event->type == TRACKD_EVENT_REMOVED)
		snprintf(to, size, "removed");
	else if (event && event->type == TRACKD_EVENT_EXPIRED)
		snprintf(to, size, "expired");
	else
		state_words(terminal, facts, to, size);
}

static enum style style_for(const struct transition *transition, const struct facts *facts)
{
	const struct trackd_event *event = transition->event;

	if (event && event->type == TRACKD_EVENT_CANCEL)
		return STYLE_WARN;
	if (event && (event->type == TRACKD_EVENT_REMOVED || event->type == TRACKD_EVENT_EXPIRED))
		return STYLE_DIM;
	return terminal_state_style(facts->state);
}

static const char *detail_for(const struct transition *transition, const struct facts *facts)
{
	const struct trackd_task *task = transition->task;

	if (!task || !facts->current)
		return "";
	return task->state == TRACKD_FAILED && task->error[0] ? task->error : task->message;
}

/* The room left on a line after `used` cells for a text of at most `most`; 0 if lines are not
 * limited. */
static int room_for(const struct terminal *terminal, int used, int most)
{
	int left = terminal->width - 1 - used;

	if (!terminal->tty)
		return 0;
	left = left > 1 ? left : 1;
	return most != 0 && most < left ? most : left;
}

/* Print two blanks and a text in its style, cut to the room. Returns the cells used so far. */
static int piece(const struct terminal *terminal, enum style style, const char *text, int used,
		 int most)
{
	char safe[TEXT];

	if (text[0] == '\0' || (terminal->tty && used + 4 > terminal->width))
		return used;
	int cells = terminal_text(terminal, safe, sizeof safe, text,
				  room_for(terminal, used + 2, most));
	printf("  %s%s%s", terminal_on(terminal, style), safe, terminal_off(terminal));
	return used + 2 + cells;
}

int transition_print(struct ctl *ctl, const struct transition *transition)
{
	const struct terminal *terminal = &ctl->terminal;
	const struct trackd_task *task = transition->task;
	char at[MOMENT_TEXT], words[4 * WORDS];
	struct facts facts;

	facts_of(ctl, transition, &facts);
	time_format_local(at, facts.time_ns, facts.time_ns);
	words_for(terminal, transition, &facts, words, sizeof words);
	int used = printf("%s.%03u", at, (unsigned)(facts.time_ns % 1000000000 / 1000000));
	used = piece(terminal, STYLE_BOLD, facts.id[0] ? facts.id : "?", used, 0);
	/* A long name must leave room for the event; on a narrow screen it is omitted. */
	if (task && strcmp(task->name, task->id) != 0 &&
	    (!terminal->tty || terminal->width >= NARROW))
		used = piece(terminal, STYLE_PLAIN, task->name, used, terminal->width / 4);
	used = piece(terminal, style_for(transition, &facts), words, used, 0);
	(void)piece(terminal, STYLE_PLAIN, detail_for(transition, &facts), used, 0);
	putchar('\n');
	return 0;
}

int transition_print_reset(struct ctl *ctl)
{
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:o}", "event", "reset", "time",
						task_json_time(time_now())),
				      true);
	fprintf(stderr, "events were lost, or the board is new; the present state follows\n");
	return 0;
}

/* ---- JSON -------------------------------------------------------------- */

static const char *status_of(const struct facts *facts)
{
	if (facts->state == TRACKD_ACTIVE && facts->stage[0] != '\0')
		return facts->stage;
	return trackd_state_name(facts->state);
}

int transition_print_json(struct ctl *ctl, const struct transition *transition)
{
	struct facts facts;

	facts_of(ctl, transition, &facts);
	json_t *reason = facts.reason == TRACKD_REASON_NONE
				 ? json_null()
				 : json_string(trackd_reason_name(facts.reason));
	json_t *total = facts.total ? json_integer((json_int_t)facts.total) : json_null();
	json_t *task = transition->task ? ctl_task_json(transition->task) : json_null();

	return ctl_print_json(
		json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:I, s:o}", "event",
			  type_name(transition), "time", task_json_time(facts.time_ns), "id",
			  task_json_optional(facts.id), "state", trackd_state_name(facts.state),
			  "status", task_json_text(status_of(&facts)), "stage",
			  task_json_optional(facts.stage), "reason", reason, "done",
			  (json_int_t)facts.done, "total", total, "revision",
			  (json_int_t)facts.revision, "task", task),
		true);
}
