/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/upload/disk.h"
#include "tools/common/thread.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
	struct disk_job *first, **end;
};

struct disk {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct queue asked, done; /* under the lock, like `ending` */
	bool ending;
	bool running; /* the thread; the event loop's own */
	int fd;       /* eventfd: `done` has jobs */
	sd_event_source *source;
};

static void put(struct queue *queue, struct disk_job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct disk_job *take_all(struct queue *queue)
{
	struct disk_job *jobs = queue->first;

	queue->first = NULL;
	queue->end = &queue->first;
	return jobs;
}

/* ---- The other thread ----------------------------------------------------- */

/* Called with the lock held; releases it while the job runs. */
static void run_first(struct disk *disk)
{
	static const uint64_t one = 1;
	struct disk_job *job = disk->asked.first;

	disk->asked.first = job->next;
	if (!disk->asked.first)
		disk->asked.end = &disk->asked.first;
	pthread_mutex_unlock(&disk->lock);
	job->run(job);
	pthread_mutex_lock(&disk->lock);
	put(&disk->done, job);
	/* It can only fail if the loop has missed 2^64 of them. */
	if (write(disk->fd, &one, sizeof one) < 0)
		return;
}

static void *work(void *data)
{
	struct disk *disk = data;

	pthread_mutex_lock(&disk->lock);
	while (!disk->ending || disk->asked.first) {
		if (disk->asked.first)
			run_first(disk);
		else
			pthread_cond_wait(&disk->changed, &disk->lock);
	}
	pthread_mutex_unlock(&disk->lock);
	return NULL;
}

/* ---- The event loop -------------------------------------------------------- */

static void call_done(struct disk *disk)
{
	struct disk_job *job, *next;

	pthread_mutex_lock(&disk->lock);
	job = take_all(&disk->done);
	pthread_mutex_unlock(&disk->lock);
	for (; job; job = next) {
		next = job->next;
		job->done(job);
	}
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	uint64_t n;

	(void)source;
	(void)revents;
	if (read(fd, &n, sizeof n) > 0)
		call_done(data);
	return 0;
}

void disk_do(struct disk *disk, struct disk_job *job)
{
	if (!disk->running) {
		job->run(job);
		job->done(job);
		return;
	}
	pthread_mutex_lock(&disk->lock);
	put(&disk->asked, job);
	pthread_cond_signal(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
}

/* ---- Starting and stopping ------------------------------------------------- */

static int start_thread(struct disk *disk)
{
	int error = thread_start(&disk->thread, work, disk);

	disk->running = error == 0;
	return error;
}

int disk_start(sd_event *event, struct disk **ret_disk)
{
	struct disk *disk = calloc(1, sizeof *disk);

	if (!disk)
		return -ENOMEM;
	pthread_mutex_init(&disk->lock, NULL);
	pthread_cond_init(&disk->changed, NULL);
	(void)take_all(&disk->asked);
	(void)take_all(&disk->done);
	disk->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = disk->fd < 0 ? -errno : 0;
	if (error == 0)
		error = sd_event_add_io(event, &disk->source, disk->fd, EPOLLIN, on_done, disk);
	if (error >= 0)
		error = start_thread(disk);
	if (error < 0) {
		disk_stop(disk);
		return error;
	}
	*ret_disk = disk;
	return 0;
}

void disk_finish(struct disk *disk)
{
	if (!disk || !disk->running)
		return;
	pthread_mutex_lock(&disk->lock);
	disk->ending = true;
	pthread_cond_signal(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
	pthread_join(disk->thread, NULL);
	disk->running = false;
	call_done(disk);
}

void disk_stop(struct disk *disk)
{
	if (!disk)
		return;
	disk_finish(disk);
	sd_event_source_disable_unref(disk->source);
	if (disk->fd >= 0)
		close(disk->fd);
	pthread_cond_destroy(&disk->changed);
	pthread_mutex_destroy(&disk->lock);
	free(disk);
}
