/* SPDX-License-Identifier: MIT */
/*
 * The state of the board before an operation is killed: tasks of two owners in the same buckets, a
 * full board, records that a death left. operation_prepare() calls one of these after scene_make()
 * and preparation_begin().
 */
#ifndef TESTS_PREPARATION_H
#define TESTS_PREPARATION_H

#include "tests/crash/engine/operation.h"

enum { PREPARATION_ID_BUCKET = 3 }; /* of the play's target */

void preparation_begin(struct play *ret_play, struct scene *scene);

void before_pending(struct play *play);
void before_new(struct play *play);
void before_new_of_nobody(struct play *play);
void before_active(struct play *play);
void before_asked(struct play *play);
void before_kept(struct play *play);
void before_late(struct play *play);
void before_late_pending(struct play *play);
void before_expired(struct play *play);
void before_full(struct play *play);
void before_full_expired(struct play *play);
void before_full_held(struct play *play);
void before_full_replace(struct play *play);
void before_full_replace_spare(struct play *play);
void before_import(struct play *play);
void before_import_over(struct play *play);
void before_claimed(struct play *play);
void before_claimed_unlinked(struct play *play);
void before_removing(struct play *play);
void before_miscounted(struct play *play);
void before_forgotten_bit(struct play *play);
void before_claim(struct play *play);

/* Families: the target is one of three children, in the middle of their chain. */
void before_first_child(struct play *play); /* the parent has none yet; the target is to be one */
void before_another_child(struct play *play);
void before_closed(struct play *play); /* the parent takes no more */
void before_pending_child(struct play *play);
void before_active_child(struct play *play);
void before_late_child(struct play *play);
void before_last_child(struct play *play); /* the only one that is open */
void before_expired_child(struct play *play);
void before_full_child(struct play *play);
void before_parent(struct play *play); /* the target is the parent */

#endif
