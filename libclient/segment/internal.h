/* SPDX-License-Identifier: MIT */
/*
 * All headers of this folder. The daemon and the tools of this tree include only this one. Other
 * programs must not include it: it may change at any time.
 */
#ifndef TRACKD_SEGMENT_INTERNAL_H
#define TRACKD_SEGMENT_INTERNAL_H

#include "libclient/segment/atomic.h"
#include "libclient/segment/board_address.h"
#include "libclient/segment/cause.h"
#include "libclient/segment/clock.h"
#include "libclient/segment/layout.h"
#include "libclient/segment/layout_words.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/map.h"
#include "libclient/segment/namespace.h"
#include "libclient/segment/offsets.h"
#include "libclient/segment/process.h"
#include "libclient/segment/segment.h"

#endif
