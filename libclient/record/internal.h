/* SPDX-License-Identifier: MIT */
/*
 * All headers of this folder except edit.h and facts.h, and of the folders signal, index and family
 * below it. The daemon and the tools of this tree include only this one. Other programs must not
 * include it: it may change at any time.
 */
#ifndef TRACKD_RECORD_INTERNAL_H
#define TRACKD_RECORD_INTERNAL_H

#include "libclient/family/children.h"
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/limits.h"
#include "libclient/record/loss.h"
#include "libclient/record/mend.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/recount.h"
#include "libclient/record/repair.h"
#include "libclient/record/ring.h"
#include "libclient/record/rollup.h"
#include "libclient/record/rollup_end.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/segment/label.h"
#include "libclient/segment/text.h"
#include "libclient/signal/changes.h"
#include "libclient/signal/earliest.h"
#include "libclient/signal/event.h"
#include "libclient/signal/repair_due.h"

#endif
