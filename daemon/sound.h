/* SPDX-License-Identifier: MIT */
/* Whether a board that has been repaired holds together: what the daemon asks of one that it
 * adopts. trackctl doctor asks more. */
#ifndef TRACKD_SOUND_H
#define TRACKD_SOUND_H

#include "segment.h"

/* Every living record can be found by its id and is of a known kind. Others may change the board
 * meanwhile. */
bool sound_check(const struct board *board);

#endif
