/* SPDX-License-Identifier: MIT */
/*
 * seccomp filters. They list what is allowed, because a list of forbidden calls is never complete.
 * Other calls fail with EPERM, so that a library that tries a new one can do without it; calls that
 * only an attacker makes kill the process. The list for both kinds of process is in filter.c, the
 * others are in syscalls.c and extractor_syscalls.c.
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

/* Begin a filter that allows nothing. 0 or -ENOMEM. */
int filter_begin(struct filter *ret_filter);

/* Add a rule for a call by name; calls that the architecture does not have are skipped. */
void filter_rule(struct filter *filter, uint32_t action, const char *name, unsigned n,
		 const struct scmp_arg_cmp *arguments);
void filter_allow(struct filter *filter, const char *const *names, size_t n);
/* Allow what both kinds of process need. Whatever is added to this list, an extractor may do too. */
void filter_allow_common(struct filter *filter);
void filter_allow_if(struct filter *filter, const char *name, struct scmp_arg_cmp argument);

/* Compile the filter for the kernel and free it. libseccomp needs a millisecond for this, so do it
 * before a fork if possible. 0 or -errno. */
int filter_end(struct filter *filter, struct sock_fprog *ret_program);

/* Load a filter for this thread, and with SECCOMP_FILTER_FLAG_TSYNC for all others. 0 or -errno. */
int filter_load(const struct sock_fprog *program, unsigned flags);

static inline struct scmp_arg_cmp filter_equals(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 };
}

/* The masked bits of an argument equal value. */
static inline struct scmp_arg_cmp filter_has(unsigned argument, scmp_datum_t mask,
					     scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value };
}

#endif
