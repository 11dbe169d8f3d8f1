/* SPDX-License-Identifier: MIT */
/* Maps errors and outcomes to exit statuses. */
#include "tools/common/exit_code.h"
#include <errno.h>

enum exit_code exit_code_of_error(int error)
{
	if (error >= 0)
		return EXIT_CODE_DONE;
	switch (error) {
	case TRACKD_E_NOT_FOUND:
	case TRACKD_E_GONE:
	case TRACKD_E_MOVED:
		return EXIT_CODE_NOT_FOUND;
	case TRACKD_E_EXISTS:
	case TRACKD_E_FINAL:
		return EXIT_CODE_REFUSED;
	case TRACKD_E_NO_BOARD:
	case TRACKD_E_NOT_OURS:
	case TRACKD_E_OTHER_BOARD:
	case TRACKD_E_LAYOUT:
		return EXIT_CODE_NO_BOARD;
	case TRACKD_E_DAMAGED:
		return EXIT_CODE_FAULTS;
	case TRACKD_E_KEY:
	case TRACKD_E_KIND:
	case TRACKD_E_LABEL:
	case TRACKD_E_STAGE:
	case TRACKD_E_OVERFLOW:
	case -EINVAL:
	case -ENAMETOOLONG:
		return EXIT_CODE_USAGE;
	case TRACKD_E_READ_ONLY:
	case TRACKD_E_NAMESPACE:
	case -EACCES:
	case -EPERM:
		return EXIT_CODE_PERMISSION;
	case -ESRCH: /* the named worker does not exist */
		return EXIT_CODE_NOT_FOUND;
	case -ETIMEDOUT:
		return EXIT_CODE_TIMED_OUT;
	case -EINTR:
		return EXIT_CODE_INTERRUPTED;
	default: /* the others are exhausted resources */
		return EXIT_CODE_BUSY;
	}
}

enum exit_code exit_code_of_end(enum trackd_state state, enum trackd_reason reason)
{
	switch (state) {
	case TRACKD_PENDING:
	case TRACKD_ACTIVE:
	case TRACKD_COMPLETED:
		return EXIT_CODE_DONE;
	case TRACKD_FAILED:
		return reason == TRACKD_REASON_WORKER_LOST ? EXIT_CODE_WORKER_LOST
							   : EXIT_CODE_TASK_FAILED;
	case TRACKD_CANCELLED:
		return EXIT_CODE_CANCELLED;
	}
	return EXIT_CODE_TASK_FAILED;
}

enum exit_code exit_code_of_system(int error, enum exit_code otherwise)
{
	if (error == -EACCES || error == -EPERM)
		return EXIT_CODE_PERMISSION;
	if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
		return EXIT_CODE_RESOURCES;
	return otherwise;
}
