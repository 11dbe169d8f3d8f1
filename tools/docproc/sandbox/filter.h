/* SPDX-License-Identifier: MIT */
/*
 * seccomp: a list of what is allowed, because a list of what is forbidden is never complete. The
 * rest is answered EPERM, so that a library that tries something new goes on without it; what only
 * an attacker tries kills the process. What both kinds of process may do is in filter.c, the rest in
 * syscalls.c and extractor_syscalls.c.
 */
#ifndef DOCPROC_FILTER_H
#define DOCPROC_FILTER_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

struct filter {
	scmp_filter_ctx context;
	int error; /* of the first rule that could not be added */
};

/* A filter that allows nothing yet. 0 or -ENOMEM. */
int filter_begin(struct filter *ret_filter);

/* Calls by name: what an architecture does not have is left out. */
void filter_rule(struct filter *filter, uint32_t action, const char *name, unsigned n,
		 const struct scmp_arg_cmp *arguments);
void filter_allow(struct filter *filter, const char *const *names, size_t n);
/* What both kinds of process need. An extractor may do little more: what is added here, it may do. */
void filter_allow_common(struct filter *filter);
void filter_allow_if(struct filter *filter, const char *name, struct scmp_arg_cmp argument);

/* The kernel's instructions for it; the filter is gone. libseccomp needs a millisecond for all this,
 * so it is done before a fork where that can be. 0 or -errno. */
int filter_end(struct filter *filter, struct sock_fprog *ret_program);

/* From now on, for this thread, and with SECCOMP_FILTER_FLAG_TSYNC for all others. 0 or -errno. */
int filter_load(const struct sock_fprog *program, unsigned flags);

static inline struct scmp_arg_cmp filter_equals(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 };
}

/* The bits of mask in an argument are those of value. */
static inline struct scmp_arg_cmp filter_has(unsigned argument, scmp_datum_t mask,
					     scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value };
}

#endif
