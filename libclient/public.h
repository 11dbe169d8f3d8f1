/* SPDX-License-Identifier: MIT */
#ifndef TRACKD_PUBLIC_H
#define TRACKD_PUBLIC_H

/* Marks a function as exported; libtrackd.map lists the same functions. */
#define PUBLIC __attribute__((visibility("default")))

#endif
