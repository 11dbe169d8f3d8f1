/* SPDX-License-Identifier: MIT */
/*
 * All of this room but edit.h and facts.h, for the daemon and the tools of this tree: they include this header and
 * none of the others. No program outside may: it changes at any time.
 */
#ifndef TRACKD_RECORD_INTERNAL_H
#define TRACKD_RECORD_INTERNAL_H

#include "libclient/record/changes.h"
#include "libclient/record/earliest.h"
#include "libclient/record/event.h"
#include "libclient/record/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/mend.h"
#include "libclient/record/record.h"
#include "libclient/record/recount.h"
#include "libclient/record/repair.h"
#include "libclient/record/repair_due.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/text.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"

#endif
