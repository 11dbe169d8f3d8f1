/* SPDX-License-Identifier: MIT */
#ifndef TRACKD_PUBLIC_H
#define TRACKD_PUBLIC_H

/* In front of what the library exports; libtrackd.map lists it again. */
#define PUBLIC __attribute__((visibility("default")))

#endif
