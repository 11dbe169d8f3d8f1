/* SPDX-License-Identifier: MIT */
/*
 * Runs work that may wait for the disk in one other thread, while the event loop goes on. Jobs run
 * in the order of the requests; each job owns its memory.
 */
#ifndef TRACKD_HTTP_UPLOAD_DISK_H
#define TRACKD_HTTP_UPLOAD_DISK_H

#include <systemd/sd-event.h>

struct disk;

/* Embedded in the job's data, which must not be touched between disk_do() and done(). */
struct disk_job {
	void (*run)(struct disk_job *job);  /* called in the other thread */
	void (*done)(struct disk_job *job); /* called in the event loop; may start more jobs */
	struct disk_job *next;              /* private */
};

int disk_start(sd_event *event, struct disk **ret_disk);
void disk_do(struct disk *disk, struct disk_job *job);

/* Wait for all jobs, and call done() of each. Jobs started from then on are done before disk_do()
 * returns. */
void disk_finish(struct disk *disk);
void disk_stop(struct disk *disk);

#endif
