/* SPDX-License-Identifier: MIT */
/*
 * Work that may have to wait for the disk, done by one other thread while the event loop goes on.
 * Jobs are done in the order in which they were asked for; a job's memory is its own.
 */
#ifndef TRACKD_HTTP_UPLOAD_DISK_H
#define TRACKD_HTTP_UPLOAD_DISK_H

#include <systemd/sd-event.h>

struct disk;

/* Embedded in what the job is about, untouched by others from disk_do() until done() is called. */
struct disk_job {
	void (*run)(struct disk_job *job);  /* in the other thread */
	void (*done)(struct disk_job *job); /* in the event loop; may ask for more */
	struct disk_job *next;              /* private */
};

int disk_start(sd_event *event, struct disk **ret_disk);
void disk_do(struct disk *disk, struct disk_job *job);

/* Wait for all that was asked for, and call done() of each. What is asked for from then on is done
 * before disk_do() returns. */
void disk_finish(struct disk *disk);
void disk_stop(struct disk *disk);

#endif
