/* SPDX-License-Identifier: MIT */
/*
 * Messages between clients and the daemon on the control socket (SOCK_SEQPACKET, one message per
 * packet, fixed size, native byte order, because both ends are on one host). Messages contain no
 * pid: the kernel reports the peer's.
 *
 *   client                         daemon
 *   HELLO ---------------------->  WELCOME with the board's descriptor (read-only for readers), or
 *                                  REFUSED
 *   BIND (a producer's entry) -->  no answer; ignored unless the entry's pid is the peer's
 *   SUBSCRIBE ------------------>  WAKE, coalesced: at most one is unread at a time
 *   GOODBYE -------------------->  no answer; closing the socket has the same effect
 */
#ifndef TRACKD_CLIENT_PROTOCOL_H
#define TRACKD_CLIENT_PROTOCOL_H

#include <stdint.h>

#define PROTOCOL_MAGIC UINT32_C(0x6b637274) /* "trck" */
#define PROTOCOL_VERSION 1

enum protocol_type {
	PROTOCOL_HELLO = 1,
	PROTOCOL_BIND = 2,
	PROTOCOL_SUBSCRIBE = 3,
	PROTOCOL_GOODBYE = 4,
	PROTOCOL_WELCOME = 16,
	PROTOCOL_REFUSED = 17,
	PROTOCOL_WAKE = 18,
};

enum protocol_flags {
	PROTOCOL_WRITE = 1 << 0,    /* HELLO: the client is a producer */
	PROTOCOL_NO_BOARD = 1 << 1, /* HELLO: the client has the board; send no descriptor */
};

struct protocol_message {
	uint32_t magic;
	uint16_t version; /* PROTOCOL_VERSION; any other gets REFUSED */
	uint16_t type;
	uint32_t flags;
	int32_t error; /* REFUSED: a TRACKD_E_* code or -errno */
	uint16_t layout_major, layout_minor;
	uint32_t epoch;       /* WELCOME: the daemon's */
	uint64_t fingerprint; /* HELLO: segment_fingerprint() */
	uint32_t entry;       /* BIND: client entry */
	uint32_t generation;  /* BIND: and its generation */
	uint8_t board_id[16]; /* WELCOME; in HELLO with NO_BOARD the client's board */
	char board[64];       /* WELCOME: its name, "/trackd" */
};

#endif
